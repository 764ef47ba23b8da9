import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Certificates:
    """A made-up authority, and a certificate of its for localhost; `stranger` is another authority."""

    authority: Path
    stranger: Path
    certificate: Path
    key: Path
    locked_key: Path
    """the same key under the password "geheim" """


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    made = Certificates(*(folder / name for name in ("ca.pem", "other.pem", "cert.pem", "key.pem", "locked.pem")))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for authority in (made.authority, made.stranger):
        key = authority.with_suffix(".key")
        _openssl(
            "req", "-x509", *curve, "-keyout", key, "-out", authority, "-days", 2, "-subj", f"/CN={authority.stem}"
        )
    issuer = ("-CA", made.authority, "-CAkey", made.authority.with_suffix(".key"))
    request, extension = folder / "request.pem", folder / "extension"
    _openssl("req", *curve, "-keyout", made.key, "-out", request, "-subj", "/CN=localhost")
    extension.write_text("subjectAltName=DNS:localhost")
    signed = ("-in", request, *issuer, "-CAcreateserial", "-extfile", extension)
    _openssl("x509", "-req", *signed, "-out", made.certificate, "-days", 2)
    _openssl("pkcs8", "-topk8", "-in", made.key, "-out", made.locked_key, "-passout", "pass:geheim")
    return made


@pytest.fixture
def unused_port():
    """A port of this machine on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
