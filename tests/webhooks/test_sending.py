"""An attempt against receivers of all sorts, and names that lead where nothing may be sent."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from suyuan.operations.webhooks.addresses import Allowed
from suyuan.operations.webhooks.sending import MOST_BYTES, Sender
from tests.webhooks.certificates import authority, server_context
from tests.webhooks.receiver import OK, Receiver, answer

HERE = Allowed.of("127.0.0.0/8")


@contextmanager
def receiving(*answers, context=None):
    receiver = Receiver(*answers, context=context)
    try:
        yield receiver
    finally:
        receiver.close()


class Names:
    """A resolver that gives the next of its answers each time that it is asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _host, _port):
        self.asked += 1
        found = self.answers[min(self.asked, len(self.answers)) - 1]
        return [ip_address(text) for text in found]


def send(url, allowed=HERE, *, resolve=None, seconds=15.0, context=None):
    async def attempt():
        given = {} if resolve is None else {"resolve": resolve}
        sender = Sender(allowed, context, seconds=seconds, **given)
        try:
            return await sender.send(url, {"webhook-id": "a.1.s"}, '{"a":"召回"}'.encode())
        finally:
            await sender.close()

    return asyncio.run(attempt())


def test_a_receiver_gets_body_and_headers_and_its_2xx_is_success():
    with receiving(OK) as receiver:
        found = send(receiver.url + "?x=1")
        assert found.is_success
        head, body = receiver.requests[0]
    assert head.startswith("POST /hook?x=1 HTTP/1.1")
    assert body == '{"a":"召回"}'.encode()
    assert receiver.headers()["content-type"] == "application/json"
    assert receiver.headers()["webhook-id"] == "a.1.s"
    assert receiver.headers()["host"] == f"127.0.0.1:{receiver.port}"


def test_redirects_are_not_followed():
    with receiving() as inner, receiving(answer(302, f"Location: {inner.url}")) as receiver:
        assert send(receiver.url)[:2] == (302, "status 302")
        assert inner.requests == []


def test_retry_after_and_status_are_told_and_nothing_of_the_body():
    with receiving(answer(503, "Retry-After: 120", body=b"secret of the inside")) as receiver:
        found = send(receiver.url)
    assert found[:3] == (503, "status 503", "120")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["wrong length", "broken chunk", "no HTTP", "nothing"],
)
def test_an_answer_that_is_not_whole_is_no_success(broken):
    with receiving(broken) as receiver:
        found = send(receiver.url)
    assert not found.is_success
    assert found.reason


def test_no_more_of_an_answer_is_read_than_there_is_a_use_for():
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * (4 * MOST_BYTES)
    with receiving(endless) as receiver:
        assert send(receiver.url).is_success


def test_who_is_silent_is_not_waited_for_for_ever():
    with receiving(None) as receiver:
        found = send(receiver.url, seconds=0.2)
    assert not found.is_success
    assert "0.2 s" in found.reason


def test_bytes_that_drip_do_not_prolong_it():
    with receiving() as receiver:
        receiver.answers = [(b"HTTP/1.1 200 OK\r\nX-Long: ", *[b"x"] * 1_000)]
        assert "0.3 s" in send(receiver.url, seconds=0.3).reason


def test_nobody_there_is_a_failure_in_words():
    with receiving() as receiver:
        url = receiver.url
    assert send(url).reason.startswith("ConnectError")


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["64:ff9b::7f00:1"], ["::ffff:127.0.0.1"], []]
)
def test_a_name_with_an_address_that_is_not_open_leads_nowhere(addresses):
    """Fault 24."""
    with receiving() as receiver:
        found = send(f"https://a.example:{receiver.port}/", Allowed(), resolve=Names(addresses))
        assert (found.status, bool(found.reason)) == (None, True)
        assert receiver.requests == []


def test_a_name_that_means_something_else_the_second_time_is_asked_once():
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with receiving() as receiver:
        assert send(f"http://a.example:{receiver.port}/", resolve=names).is_success
        assert names.asked == 1
        assert receiver.headers()["host"] == f"a.example:{receiver.port}"


def test_a_name_that_turns_inwards_between_attempts_is_refused_then():
    names = Names(["127.0.0.1"], ["127.0.0.1", "10.0.0.1"])
    with receiving() as receiver:
        url = f"http://a.example:{receiver.port}/"
        assert send(url, resolve=names).is_success
        assert "not public" in send(url, resolve=names).reason
        assert len(receiver.requests) == 1


def test_plaintext_is_for_named_ranges_alone():
    assert "http://" in send("http://a.example/", Allowed(), resolve=Names(["8.8.8.8"])).reason


def test_tls_is_for_the_name_in_the_url_whatever_address_it_has(tmp_path):
    trusted, certificate = authority(tmp_path, "a.example")
    with receiving(context=server_context(certificate)) as receiver:
        here = Names(["127.0.0.1"])
        assert send(f"https://a.example:{receiver.port}/", resolve=here, context=trusted).is_success
        assert receiver.headers()["host"] == f"a.example:{receiver.port}"
        wrong = send(f"https://b.example:{receiver.port}/", resolve=here, context=trusted)
        assert "CERTIFICATE_VERIFY_FAILED" in wrong.reason
        unknown = send(f"https://a.example:{receiver.port}/", resolve=here, context=ssl.create_default_context())
        assert "CERTIFICATE_VERIFY_FAILED" in unknown.reason
        assert len(receiver.requests) == 1


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert send(receiver.url).is_success
        assert proxy.requests == []
