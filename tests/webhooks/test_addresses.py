"""What may be sent to: public addresses, and what is named."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from suyuan.errors import SuyuanError
from suyuan.operations.webhooks.addresses import Allowed
from suyuan.operations.webhooks.sending import check_url

CLOSED = """
0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
172.31.255.254 192.0.0.9 192.0.0.170 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.255 233.252.0.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1
::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1
2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1
ff02::1 ff0e::1 2606:4700::1%eth0
"""
OPEN = ["8.8.8.8", "1.1.1.1", "223.5.5.5", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2400:3200::1"]


@pytest.mark.parametrize("text", CLOSED.split())
def test_closed(text):
    assert not Allowed().opens(ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_open(text):
    assert Allowed().opens(ip_address(text))


def test_named_ranges_are_open_and_nothing_beside_them():
    allowed = Allowed.of("10.8.0.0/16, fd00:8::/32")
    for text, is_open in (
        ("10.8.3.4", True),
        ("::ffff:10.8.3.4", True),
        ("fd00:8::1", True),
        ("10.9.0.1", False),
        ("fd00:9::1", False),
    ):
        assert allowed.opens(ip_address(text)) is is_open
    assert not allowed.names(ip_address("8.8.8.8"))


def test_a_range_that_makes_no_sense_names_its_variable():
    with pytest.raises(SuyuanError, match="SUYUAN_WEBHOOK_ALLOW"):
        Allowed.of("10.8.0.1/16")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https:///x",
        "a.example",
        "https://user:secret@a.example/",
        "https://a.example/#part",
        "https://a.example/ x",
        "https://a.example/" + "x" * 2000,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "http://8.8.8.8/",
        "http://127.0.0.1/",
        "https://a.example:99999/",
        "file:///etc/passwd",
    ],
)
def test_a_url_that_can_never_be_sent_to_is_refused_at_once(url):
    with pytest.raises(SuyuanError):
        check_url(url, Allowed())


@pytest.mark.parametrize("url", ["https://a.example/hook?x=1", "https://8.8.8.8:8443/", "http://10.8.0.1:8080/"])
def test_others_are_taken(url):
    check_url(url, Allowed.of("10.8.0.0/16"))
