"""TLS as a client: whom to trust, and the certificate to show."""

from __future__ import annotations

import ssl
from pathlib import Path

from suyuan.connections.errors import WrongConnection


def client_context(
    ca_file: Path | None = None,
    certificate_file: Path | None = None,
    key_file: Path | None = None,
    key_password: str | None = None,
) -> ssl.SSLContext:
    """TLS 1.2 or later, the server's certificate and host name verified against `ca_file` (None: the system's
    authorities); all files are PEM. The files are read now: a renewed certificate needs a new context.

    Raises WrongConnection, naming the argument and the file.
    """
    _readable("ca_file", ca_file)
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except ssl.SSLError as error:
        raise WrongConnection("ca_file", f"{ca_file} holds no certificates in PEM: {error.reason}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if key_file is not None and certificate_file is None:
        raise WrongConnection("certificate_file", f"missing, but there is a key_file: {key_file}")
    if certificate_file is not None:
        _readable("certificate_file", certificate_file)
        _readable("key_file", key_file)
        # a password is always given: without one, OpenSSL asks the terminal for that of an encrypted key
        try:
            context.load_cert_chain(certificate_file, key_file, password=key_password or "")
        except ssl.SSLError as error:
            raise WrongConnection("certificate_file", _why(certificate_file, key_file, error)) from None
    return context


def refuse_unused(field: str, file: Path | None) -> None:
    """Raise WrongConnection for a TLS file where TLS is off: to name one is to expect protection."""
    if file is not None:
        raise WrongConnection(field, "given, but TLS is not on: it would not be used")


def _why(certificate: Path, key: Path | None, error: ssl.SSLError) -> str:
    pair = f"{certificate} with the key in {key or 'the same file'}"
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{pair}: the key is another certificate's"
    return f"{pair} cannot be used ({error.reason or 'not PEM, no key in it, or key_password is wrong'})"


def _readable(field: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise WrongConnection(field, f"{path}: {error.strerror}") from None
