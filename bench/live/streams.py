"""Who listens to alerts: streams over sockets of their own, as cheap as they can be, since they share the machine.

`python -m bench.live.streams` holds many of them in one process. A line of JSON on standard input says where and as
whom; it says `open` when all are, and what each was told as a line of JSON when all were told everything, or when
standard input ends.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

PATH = "/api/v1/alerts/live"
SMALL = 4096
"""bytes that the system takes for one who does not read"""
ALERT_ID = re.compile(rb'data: \{"alert_id":"([^"]*)"')
LISTING_ID = re.compile(rb'"listing_id":"([^"]*)"')
_OTHER = re.compile(rb"event: (?!alert\n)(\w+)")
_READ = 1 << 18
LAST_SECONDS = 0.3
"""in which what is told twice would come"""


@dataclass
class Stream:
    """An open one; `told`: of each alert what `pattern` finds, in the order in which they came; `others`: names of
    events that are none.
    """

    socket: socket.socket
    pattern: re.Pattern[bytes] = ALERT_ID
    told: list[bytes] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    ended: bool = False
    _rest: bytes = b""

    @classmethod
    def open(
        cls,
        port: int,
        key: str,
        filters: Mapping[str, str] | None = None,
        pattern: re.Pattern[bytes] = ALERT_ID,
        *,
        reads: bool = True,
    ) -> Stream:
        """Until the head of the answer is there. Raises RuntimeError where it is no stream."""
        made = socket.socket()
        if not reads:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        made.connect(("127.0.0.1", port))
        target = f"{PATH}?{urlencode(filters)}" if filters else PATH
        made.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            part = made.recv(512)
            if not part:
                raise RuntimeError(f"a stream was not opened: {head.decode()}")
            head += part
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"a stream was not opened: {head.decode()}")
        return cls(made, pattern)

    def take(self) -> list[bytes]:
        """What of alerts has come. Waits where nothing has and the socket does."""
        try:
            data = self.socket.recv(_READ)
        except ConnectionError:
            data = b""
        self.ended = not data
        whole, between, self._rest = (self._rest + data).rpartition(b"\n\n")
        found = self.pattern.findall(whole)
        if len(found) != (whole + between).count(b"event: "):
            self.others += [name.decode() for name in _OTHER.findall(whole)]
        self.told += found
        return found


class Listener:
    """One stream that is read in a thread; `seen`: when each alert came first. A context."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.seen: dict[bytes, float] = {}
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.stream.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.stream.socket.close()

    def wait(self, alerts: Sequence[bytes], patience: float) -> list[bytes]:
        """Until these came, or for so many seconds: those that did not."""
        until = time.monotonic() + patience
        while (missing := [each for each in alerts if each not in self.seen]) and time.monotonic() < until:
            time.sleep(0.02)
        return missing

    def _read(self) -> None:
        while not self.stream.ended:
            found = self.stream.take()
            now = time.monotonic()
            for each in found:
                self.seen.setdefault(each, now)


def listen_to_all(wanted: Mapping[str, Any], opened: Callable[[], None]) -> list[dict[str, Any]]:
    """What each stream was told until each was told of `alerts` alerts, or for `seconds`. One in `sampled` says when
    each came.
    """
    port, count = wanted["port"], wanted["alerts"]
    streams = [Stream.open(port, key, filters) for key, filters in wanted["reading"]]
    came: dict[int, list[tuple[str, float]]] = {at: [] for at in range(0, len(streams), wanted["sampled"])}
    waiting, numbers = select.epoll(), {each.socket.fileno(): at for at, each in enumerate(streams)}
    for file in numbers:
        waiting.register(file, select.EPOLLIN)
    opened()
    left, until = set(numbers), time.monotonic() + wanted["seconds"]
    while left and time.monotonic() < until:
        for file, _ in waiting.poll(0.2):
            at = numbers[file]
            found = streams[at].take()
            if at in came:
                now = time.monotonic()
                came[at] += [(each.decode(), now) for each in found]
            if streams[at].ended:
                waiting.unregister(file)
            if streams[at].ended or len(streams[at].told) >= count:
                left.discard(file)
    time.sleep(LAST_SECONDS)
    for file, _ in waiting.poll(0):
        streams[numbers[file]].take()
    return [
        {
            "told": len(stream.told),
            "different": len(set(stream.told)),
            "others": stream.others,
            "ended": stream.ended,
            "came": came.get(at, []),
        }
        for at, stream in enumerate(streams)
    ]


def main() -> None:
    """See above."""
    wanted = json.loads(sys.stdin.readline())
    held = [Stream.open(wanted["port"], key, filters, reads=False) for key, filters in wanted["not_reading"]]
    print(json.dumps(listen_to_all(wanted, lambda: print("open", flush=True))), flush=True)
    sys.stdin.read()
    del held


if __name__ == "__main__":
    main()
