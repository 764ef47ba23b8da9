"""One attempt: a POST to a receiver, which can reach nothing that the operator has not opened.

A name is looked up once, every address that it has must be open, and one of these is connected to: a name that means
something else at a second look-up leads nowhere. Host and the name in TLS stay those of the URL. Redirects are not
followed, proxies of the environment not used, and no more of an answer is read than MOST_BYTES.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.webhooks.addresses import Address, Allowed, literal
from suyuan.operations.webhooks.schedule import Answer

SECONDS = 15.0
"""that an attempt may take, from the look-up of the name to the end of the answer"""
MOST_BYTES = 64 << 10
LONGEST_URL = 2_000
_SAID = 200
_LOOK_UPS = ThreadPoolExecutor(64, "suyuan-names")

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""the addresses of a name; raises OSError"""


class NotOpen(httpcore.ConnectError):
    """An address is not public, and the operator has not named it."""


class BadUrl(SuyuanError):
    """Nothing could ever be sent to it."""

    kind = ErrorKind.USAGE


async def resolve(host: str, port: int) -> Sequence[Address]:
    """By the system, in threads of its own: names whose servers are silent hold up no other work of the process."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_LOOK_UPS, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
    return [ip_address(address[0]) for *_, address in found]


def check_url(url: str, allowed: Allowed) -> None:
    """Refuse what could never be sent to, before anything is: names are looked up at each attempt alone. Raises
    BadUrl.
    """
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise BadUrl("the URL of a webhook makes no sense") from None
    if len(url) > LONGEST_URL or any(char.isspace() or not char.isprintable() for char in url):
        raise BadUrl(f"the URL of a webhook is too long, or has spaces: {LONGEST_URL} at most")
    if found.scheme not in {"https", "http"} or not found.host:
        raise BadUrl("the URL of a webhook begins with https://")
    if found.port is not None and not 0 < found.port < 1 << 16:
        raise BadUrl(f"{found.port} is no port")
    if found.userinfo or found.fragment:
        raise BadUrl("the URL of a webhook has no user, password or fragment")
    address = literal(found.host)
    if address is not None and not allowed.opens(address):
        raise BadUrl(f"{address} is not public, and SUYUAN_WEBHOOK_ALLOW does not name it")
    if found.scheme == "http" and address is not None and not allowed.names(address):
        raise BadUrl("http:// is for addresses that SUYUAN_WEBHOOK_ALLOW names")


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to open addresses alone. `plaintext`: the connection will have no TLS."""

    def __init__(self, allowed: Allowed, resolve: Resolve, *, plaintext: bool) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._plaintext = plaintext
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- the protocol's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises NotOpen, ConnectError."""
        del local_address
        address = literal(host)
        try:
            found = [address] if address is not None else await self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"the name is not found: {error.strerror or error}") from None
        if not found:
            raise httpcore.ConnectError("the name has no address")
        for each in found:
            if not self._allowed.opens(each):
                raise NotOpen("the address is not public")
            if self._plaintext and not self._allowed.names(each):
                raise NotOpen("http:// is not for public addresses")
        failure: httpcore.ConnectError | None = None
        for each in dict.fromkeys(found):
            try:
                return await self._network.connect_tcp(str(each), port, timeout, None, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure or httpcore.ConnectError("not reached")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 -- the protocol's
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        del path, timeout, socket_options
        raise NotOpen("no socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """As asyncio's."""
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """For httpx: one connection for each request, to an open address."""

    def __init__(self, allowed: Allowed, context: ssl.SSLContext, resolve: Resolve = resolve) -> None:
        self._allowed = allowed
        self._context = context
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises what httpcore does."""
        url = request.url
        backend = _Guarded(self._allowed, self._resolve, plaintext=url.scheme == "http")
        pool = httpcore.AsyncConnectionPool(self._context, max_keepalive_connections=0, network_backend=backend)
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        try:
            answer = await pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    target,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except BaseException:
            await pool.aclose()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Closing(answer, pool))


class _Closing(httpx.AsyncByteStream):
    """An answer's body, with whose end the connection ends."""

    def __init__(self, answer: httpcore.Response, pool: httpcore.AsyncConnectionPool) -> None:
        self._answer = answer
        self._pool = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()
        await self._pool.aclose()


class Sender:
    """Makes attempts; within one loop. `context`: of TLS; `clock`: monotonic seconds."""

    def __init__(
        self,
        allowed: Allowed,
        context: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
    ) -> None:
        transport = GuardedTransport(allowed, context or ssl.create_default_context(), resolve)
        self._client = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, timeout=seconds)
        self._clock = clock
        self._seconds = seconds

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the receiver answers; raises nothing but for being cancelled. Of the answer only status, Retry-After
        and why it is none are told.
        """
        began = self._clock()
        status: int | None = None
        retry_after: str | None = None
        reason = ""
        try:
            async with asyncio.timeout(self._seconds):
                sent = {"content-type": "application/json", "user-agent": "suyuan-webhooks", **headers}
                async with self._client.stream("POST", url, headers=sent, content=body) as answer:
                    status, retry_after = answer.status_code, answer.headers.get("retry-after")
                    await _read(answer)
        except TimeoutError:
            reason = f"no whole answer within {self._seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError) as error:
            reason = f"{type(error).__name__}: {error}"[:_SAID]
        except (httpcore.TimeoutException, OSError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"[:_SAID]
        if not reason and status is not None and not 200 <= status < 300:
            reason = f"status {status}"
        return Answer(status, reason, retry_after, int((self._clock() - began) * 1000))

    async def close(self) -> None:
        """End what is open."""
        await self._client.aclose()


async def _read(answer: httpx.Response) -> None:
    """To its end, so that one which breaks off is noticed, or as far as it is looked at at all."""
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read >= MOST_BYTES:
            return
