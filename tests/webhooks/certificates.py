"""A certificate that a test's client trusts, and nobody else."""

from __future__ import annotations

import ssl
import subprocess


def authority(folder, name):
    """(client context that trusts it, its file) of a certificate for a name."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for_name = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    command = ("openssl", "req", "-x509", *curve, "-keyout", key, "-out", certificate, "-days", "2", *for_name)
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    return ssl.create_default_context(cafile=certificate), certificate


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
