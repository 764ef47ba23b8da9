"""A client's TLS context, shaking hands with a server in memory."""

import ssl

import pytest

from suyuan.connections.errors import WrongConnection
from suyuan.connections.tls import client_context


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "localhost") -> str | None:
    """What both agree on; raises what either side finds wrong."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=name),
        server.wrap_bio(there, back, server_side=True),
    ]
    for _ in range(10):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    ends[1].write(b"hello")
    assert ends[0].read() == b"hello"
    return ends[0].version()


def served(certificates, *, wants_certificate=False, newest=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    if newest is not None:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.authority)
    return context


def test_a_server_of_the_authority_is_spoken_to(certificates):
    assert shake_hands(client_context(certificates.authority), served(certificates)) == "TLSv1.3"


def test_a_server_of_another_authority_is_not(certificates):
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client_context(certificates.stranger), served(certificates))


def test_the_systems_authorities_do_not_know_it_either(certificates):
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client_context(), served(certificates))


def test_a_certificate_for_another_host_is_refused(certificates):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(client_context(certificates.authority), served(certificates), "kafka-1")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(certificates):
    with pytest.raises(ssl.SSLError):
        shake_hands(client_context(certificates.authority), served(certificates, newest=ssl.TLSVersion.TLSv1_1))


@pytest.mark.parametrize("locked", [False, True])
def test_the_clients_certificate_is_shown(certificates, locked):
    key, password = (certificates.locked_key, "geheim") if locked else (certificates.key, None)
    client = client_context(certificates.authority, certificates.certificate, key, password)
    assert shake_hands(client, served(certificates, wants_certificate=True))
    with pytest.raises(ssl.SSLError):
        shake_hands(client_context(certificates.authority), served(certificates, wants_certificate=True))


def test_a_certificate_and_its_key_in_one_file(certificates, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(certificates.certificate.read_bytes() + certificates.key.read_bytes())
    client = client_context(certificates.authority, both)
    assert shake_hands(client, served(certificates, wants_certificate=True))


@pytest.mark.parametrize(
    ("arguments", "field", "reason"),
    [
        ({"ca_file": "gone"}, "ca_file", "gone.pem: No such file"),
        ({"ca_file": "key"}, "ca_file", "no certificates in PEM"),
        ({"ca_file": "authority", "key_file": "key"}, "certificate_file", "missing, but there is a key_file"),
        ({"certificate_file": "gone", "key_file": "key"}, "certificate_file", "gone.pem: No such file"),
        ({"certificate_file": "certificate", "key_file": "gone"}, "key_file", "gone.pem: No such file"),
        ({"certificate_file": "certificate"}, "certificate_file", "in the same file cannot be used"),
        ({"certificate_file": "stranger", "key_file": "key"}, "certificate_file", "the key is another certificate's"),
        ({"certificate_file": "certificate", "key_file": "locked_key"}, "certificate_file", "cannot be used"),
    ],
)
def test_what_is_wrong_is_named(certificates, tmp_path, arguments, field, reason):
    files = {name: getattr(certificates, file, tmp_path / "gone.pem") for name, file in arguments.items()}
    with pytest.raises(WrongConnection) as caught:
        client_context(**files)
    assert caught.value.field == field
    assert reason in caught.value.reason
