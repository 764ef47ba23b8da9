"""How the portal is reached, and how much one may ask of it."""

from __future__ import annotations

import asyncio
import socket
import ssl

import httpx
import pytest

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.middleware.proxy import Proxy
from suyuan.portal.problems import Problem
from suyuan.portal.rates import QUESTIONS, WAITING, Rates
from suyuan.portal.secrecy import proxies_of, verify
from suyuan.runtime.settings import Settings
from tests.connections.conftest import certificates  # noqa: F401 - a fixture
from tests.portal.processes import Started

ANY = "0.0.0.0"  # noqa: S104 -- nothing listens there


def test_requests_beyond_what_one_may_are_refused_for_a_while_and_nobody_elses():
    now = 100.0
    rates = Rates(50, lambda: now)
    for _ in range(100):
        rates.request("a")
    with pytest.raises(Problem, match="more than 50 requests a second") as refused:
        rates.request("a")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    rates.request("b")
    now += 1
    for _ in range(50):
        rates.request("a")
    with pytest.raises(Problem):
        rates.request("a")


def test_questions_of_one_principal_wait_for_each_other_and_too_many_are_refused(monkeypatch):
    monkeypatch.setattr("suyuan.portal.rates.PATIENCE_SECONDS", 0.01)
    rates = Rates(50, lambda: 0.0)

    async def scenario():
        end, under_way, most, outcomes = asyncio.Event(), 0, 0, []

        async def ask(who):
            nonlocal under_way, most
            try:
                async with rates.question(who):
                    under_way += 1
                    most = max(most, under_way)
                    await end.wait()
                    under_way -= 1
            except Problem as problem:
                outcomes.append(problem.status)

        asked = [asyncio.create_task(ask("a")) for _ in range(QUESTIONS + WAITING + 3)]
        while len(outcomes) < WAITING + 3:  # noqa: ASYNC110 -- what is waited for are turns of the loop
            await asyncio.sleep(0)
        assert (most, set(outcomes)) == (QUESTIONS, {429})
        other = asyncio.create_task(ask("b"))
        while most == QUESTIONS:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0)
        end.set()
        await asyncio.gather(*asked, other)
        async with rates.question("a"):
            pass

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"portal_host": ANY}, "SUYUAN_PORTAL_HOST: 0.0.0.0 would be spoken to in plaintext"),
        ({"portal_key_file": "x.pem"}, "SUYUAN_PORTAL_KEY_FILE: given without"),
        ({"portal_certificate_file": "none.pem"}, "SUYUAN_PORTAL_CERTIFICATE_FILE: none.pem"),
        ({"portal_host": ANY, "portal_proxy": "proxy.example"}, "SUYUAN_PORTAL_PROXY: "),
    ],
)
def test_what_others_could_read_on_the_way_is_refused(given, named):
    with pytest.raises(SuyuanError, match=named) as refused:
        verify(Settings(**given))
    assert refused.value.kind == ErrorKind.CONFIGURATION


def through(peer, scheme="http", **headers):
    """What the app sees of a request by way of the proxies of a setting; None: it was refused."""
    seen, sent = [], []
    scope = {"type": "http", "client": (peer, 5), "scheme": scheme, "state": {"id": "x"}}
    scope["headers"] = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def app(scope, *_):
        seen.append((scope["client"][0], scope["scheme"]))

    async def send(message):
        sent.append(message)

    proxies = proxies_of(Settings(portal_host=ANY, portal_proxy="10.1.0.0/16, ::1"))
    asyncio.run(Proxy(app, proxies)(scope, None, send))
    assert seen or sent[0]["status"] == 403
    return seen[0] if seen else None


def test_a_proxy_that_is_named_is_believed_and_nobody_else():
    said = {"x_forwarded_for": "6.6.6.6, 5.5.5.5", "x_forwarded_proto": "https"}
    assert through("10.1.2.3", **said) == ("5.5.5.5", "https")
    assert through("10.2.0.1", **said) is None
    assert through("10.2.0.1", "https", **said) == ("10.2.0.1", "https")
    assert through("127.0.0.1", **said) == ("127.0.0.1", "http")


def test_a_portal_with_a_certificate_is_spoken_to_over_tls(tmp_path, certificates):  # noqa: F811 - as above
    files = {
        "SUYUAN_PORTAL_CERTIFICATE_FILE": str(certificates.certificate),
        "SUYUAN_PORTAL_KEY_FILE": str(certificates.key),
    }
    portal = Started(tmp_path / "data", "portal", **files).start()
    trusting = ssl.create_default_context(cafile=certificates.authority)
    url = f"https://localhost:{portal.port}/livez"

    def answer():
        try:
            return httpx.get(url, verify=trusting, trust_env=False)
        except httpx.TransportError:
            return None

    try:
        portal.wait(lambda: answer() is not None)
        assert answer().headers["strict-transport-security"].startswith("max-age=")
        with socket.create_connection(("127.0.0.1", portal.port)) as plain:
            plain.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"ok" not in plain.recv(1000)
    finally:
        portal.stop()
