"""Certificates of an authority that is made for one folder, with openssl."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from pathlib import Path

from kraft.failure import Failure

DAYS = 3650

EXTENSIONS = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[broker]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
# brokers are each other's clients
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*arguments: str, folder: Path, given: bytes = b"") -> bytes:
    """What the command prints, run in the folder; `given`: its standard input."""
    path = shutil.which("openssl")
    if path is None:
        raise Failure("a secured broker needs openssl; there is none on the PATH")
    done = subprocess.run([path, *arguments], cwd=folder, input=given, capture_output=True, check=False)
    if done.returncode:
        raise Failure(f"openssl {arguments[0]} failed:\n{done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def make_certificates(folder: Path) -> None:
    """ca.pem with its key in ca.key; broker.pem and client.pem, each with its key in it."""
    (folder / "openssl.cnf").write_text(EXTENSIONS, encoding="ascii")

    def key_and_request(name: str) -> None:
        curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        openssl("genpkey", *curve, "-out", f"{name}.key", folder=folder)
        request = ("-config", "openssl.cnf", "-key", f"{name}.key", "-subj", f"/O=suyuan/CN={name}")
        openssl("req", "-new", *request, "-out", f"{name}.csr", folder=folder)

    def sign(name: str, section: str, *by: str) -> None:
        extensions = ("-extfile", "openssl.cnf", "-extensions", section, "-days", str(DAYS), "-sha256")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *extensions, *by, folder=folder)

    key_and_request("ca")
    sign("ca", "authority", "-signkey", "ca.key")
    (folder / "ca.crt").rename(folder / "ca.pem")
    for name in ("broker", "client"):
        key_and_request(name)
        sign(name, name, "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", f"0x{secrets.token_hex(16)}")
        both = [(folder / f"{name}{part}").read_text(encoding="ascii") for part in (".key", ".crt")]
        (folder / f"{name}.pem").write_text("".join(both), encoding="ascii")
    for rest in ("*.csr", "*.crt", "broker.key", "client.key", "openssl.cnf"):
        for file in folder.glob(rest):
            file.unlink()
