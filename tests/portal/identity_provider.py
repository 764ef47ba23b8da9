"""An OpenID provider that signs, serves its keys, and turns them over; what it says can be made wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT = "suyuan"


class IdentityProvider:
    def __init__(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self._answer(provider.get(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

            def _answer(self, said):
                content = json.dumps(said or {"error": "invalid_grant"}).encode()
                self.send_response(200 if said else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.codes, self.key_reads = {}, 0
        self.rotate()
        self.right()

    def right(self):
        """All that it says is as it should be."""
        self.changes, self.headers, self.signs_with = {}, {}, None

    def rotate(self):
        """Sign with another key from now on, and serve no other."""
        self.key = ECKey.generate_key("P-256", auto_kid=True)

    def get(self, path):
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        if path == "/keys":
            self.key_reads += 1
            return {"keys": [self.key.as_dict(private=False)]}
        return None

    def signs_in(self, address, **claims):
        """What a browser that was sent to that address comes back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked, claims
        return {"code": code, "state": asked["state"]}

    def token(self, given):
        asked, claims = self.codes.pop(given.get("code"), (None, None))
        if asked is None or given["redirect_uri"] != asked["redirect_uri"]:
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).decode()
        if challenge.rstrip("=") != asked["code_challenge"]:
            return None
        now = int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "sub": "u-1", "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        said |= {"name": "王"} | claims | self.changes
        key = self.signs_with or self.key
        header = {"alg": "ES256", "kid": key.kid} | self.headers
        algorithms = [header["alg"]]
        return {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": jwt.encode(
                header, {k: v for k, v in said.items() if v is not None}, key, algorithms=algorithms
            ),
        }

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
