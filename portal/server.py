"""Serves the app until it is told to end: by SIGINT or SIGTERM, or by the end of whoever started it."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from fastapi import FastAPI

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.secrecy import verify
from suyuan.runtime.parent import when_parent_ends
from suyuan.runtime.settings import Settings
from suyuan.runtime.shutdown_deadline import ShutdownDeadline

GRACE_SECONDS = 3
"""that requests under way have when it ends"""
END_SECONDS = 12.0
"""an end that takes longer is cut short, as if killed"""
KEEP_ALIVE_SECONDS = 20
TICK_SECONDS = 1.0
HEAD_BYTES = 64 << 10


class Server(uvicorn.Server):
    """Ends by itself after a signal, with exit code 0. Streams that would go on for ever are ended first. `deadline`
    begins when it is told to end.
    """

    def __init__(self, config: uvicorn.Config, deadline: ShutdownDeadline) -> None:
        super().__init__(config)
        self._deadline = deadline
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_to_end = asyncio.Event()

    def end(self) -> None:
        """As a signal would have it end; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it was closed: it has ended
                self._loop.call_soon_threadsafe(self._told_to_end.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As uvicorn's."""
        super().handle_exit(sig, frame)
        self._told_to_end.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which looks ten times a second whether it is to end."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._told_to_end.wait()

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, once a second, which is how old the date in an answer may be: whether it ends."""
        ends = await super().on_tick(counter)
        if ends:
            self._deadline.arm()
        return ends

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which waits for what is under way."""
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.portal.feed.end_all()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """As uvicorn's, which has the signal kill the process in the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def listen(settings: Settings) -> socket.socket:
    """Raises SuyuanError where the address cannot be had, or others could read what goes over it."""
    verify(settings)
    host, port = settings.portal_host, settings.portal_port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SuyuanError(
                f"port {port} of {host} is in use: serve the portal on another (SUYUAN_PORTAL_PORT), or end who "
                f"listens there (ss -ltnp 'sport = {port}' names it)",
                ErrorKind.UNAVAILABLE,
            ) from None
        raise SuyuanError(
            f"the portal cannot be served on port {port} of {host}: {error.strerror} (SUYUAN_PORTAL_HOST, "
            "SUYUAN_PORTAL_PORT)",
            ErrorKind.CONFIGURATION,
        ) from None


def serve(app: FastAPI, listening: socket.socket, settings: Settings, *, with_parent: bool) -> None:
    """`with_parent`: standard input is a pipe of whoever started it, and ends with them."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=settings.portal_certificate_file,
        ssl_keyfile=settings.portal_key_file,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    server = Server(config, ShutdownDeadline(END_SECONDS))
    if with_parent:
        when_parent_ends(server.end)
    # the deadline stays: threads that wait for an answer have yet to end
    asyncio.run(server.serve(sockets=[listening]))
