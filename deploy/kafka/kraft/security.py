"""What a secured cluster is protected with, in its folder's security/.

| | |
|---|---|
| `ca.pem`, `ca.key` | an authority, for this folder only |
| `broker.pem` | certificate and key of all brokers, for 127.0.0.1 and localhost |
| `client.pem` | certificate and key to show on the listener for mTLS |
| `password` | of the user `suyuan`, over SASL/SCRAM-SHA-512 |
| `token.key`, `jwks.json` | to sign, to verify tokens for SASL/OAUTHBEARER |
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
import ssl
import tempfile
from pathlib import Path

from kraft.certificates import make_certificates
from kraft.tokens import make_token_key, sign_token, token_options, token_properties

USER = "suyuan"
SCRAM = "SCRAM-SHA-512"
ITERATIONS = 8192


class Security:
    """`folder`: of the cluster; `create` makes what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "security"
        self.authority = self.folder / "ca.pem"
        self.broker = self.folder / "broker.pem"
        self.client = self.folder / "client.pem"
        self._password = self.folder / "password"

    def create(self) -> None:
        """Makes all of it, readable for this user only; leaves alone what is there. Needs openssl."""
        if self.folder.is_dir():
            return
        unfinished = Path(tempfile.mkdtemp(dir=self.folder.parent, prefix="security-"))  # its owner's alone
        try:
            make_certificates(unfinished)
            make_token_key(unfinished)
            (unfinished / self._password.name).write_text(secrets.token_hex(24), encoding="ascii")
            unfinished.rename(self.folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def scram(self) -> str:
        """The user for StorageTool's --add-scram: salted and hashed, since others can read command lines."""
        salt = secrets.token_bytes(16)
        salted = hashlib.pbkdf2_hmac("sha512", self._password.read_bytes(), salt, ITERATIONS)
        encoded = [base64.b64encode(each).decode() for each in (salt, salted)]
        return f'{SCRAM}=[name={USER},iterations={ITERATIONS},salt="{encoded[0]}",saltedpassword="{encoded[1]}"]'

    def token(self, lifetime: float) -> str:
        """Of the user; `lifetime`: seconds from now."""
        return sign_token(self.folder, USER, lifetime)

    def as_client(self) -> ssl.SSLContext:
        """Shows the client's certificate."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.client)
        return context

    def properties(self) -> dict[str, object]:
        """Of a broker with the listeners CLIENT (TLS and SASL), MUTUAL and CONTROLLER (mTLS)."""
        mutual = {f"listener.name.{name}.ssl.client.auth": "required" for name in ("mutual", "controller")}
        stores = {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.broker,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.authority,
        }
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        sasl = {
            "sasl.enabled.mechanisms": f"{SCRAM},OAUTHBEARER",
            f"listener.name.client.{SCRAM.lower()}.sasl.jaas.config": scram,
        }
        return mutual | stores | sasl | token_properties(self.folder)

    def java_options(self) -> list[str]:
        """Of the brokers."""
        return token_options(self.folder)
