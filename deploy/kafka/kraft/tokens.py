"""Tokens (JWT, RS256) that the brokers accept over SASL/OAUTHBEARER, signed with a key of the folder's own."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path

from kraft.certificates import openssl
from kraft.failure import Failure

KEY = "token.key"
KEYS = "jwks.json"
ISSUER, AUDIENCE = "suyuan-dev", "kafka"
KEY_ID = "1"


def make_token_key(folder: Path) -> None:
    """token.key to sign with; jwks.json, with which brokers verify."""
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", KEY, folder=folder)
    modulus = openssl("rsa", "-in", KEY, "-noout", "-modulus", folder=folder).decode().strip().removeprefix("Modulus=")
    public = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "e": "AQAB"}  # 65537, openssl's exponent
    keys = {"keys": [public | {"n": _text(bytes.fromhex(modulus))}]}
    (folder / KEYS).write_text(json.dumps(keys), encoding="ascii")


def sign_token(folder: Path, subject: str, lifetime: float) -> str:
    """`lifetime`: seconds from now; a negative one gives a token that has expired."""
    now = int(time.time())
    issued = min(now, int(now + lifetime))
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": issued, "exp": int(now + lifetime)}
    head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
    said = ".".join(_text(json.dumps(part).encode()) for part in (head, claims))
    return f"{said}.{_text(openssl('dgst', '-sha256', '-sign', KEY, folder=folder, given=said.encode()))}"


def token_properties(folder: Path) -> dict[str, object]:
    """Of a broker whose listener CLIENT takes the tokens."""
    listener = "listener.name.client.oauthbearer.sasl"
    classes = "org.apache.kafka.common.security.oauthbearer"
    return {
        f"{listener}.jaas.config": f"{classes}.OAuthBearerLoginModule required;",
        f"{listener}.server.callback.handler.class": f"{classes}.OAuthBearerValidatorCallbackHandler",
        f"{listener}.oauthbearer.jwks.endpoint.url": _url(folder),
        f"{listener}.oauthbearer.expected.issuer": ISSUER,
        f"{listener}.oauthbearer.expected.audience": AUDIENCE,
    }


def token_options(folder: Path) -> list[str]:
    """Of the broker's Java: Kafka reads keys only from where it is allowed to."""
    return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={_url(folder)}"]


def _url(folder: Path) -> str:
    """Kafka takes the URL's path as the file's, and decodes nothing in it."""
    path = str(folder / KEYS)
    if not re.fullmatch(r"[\w/.~+@:,=-]+", path):
        raise Failure(f"Kafka cannot read a secured broker's keys below {folder}: blanks and signs in the path")
    return f"file://{path}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
