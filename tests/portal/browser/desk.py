"""A portal's process whose log says exactly the alerts that a test has it say, and a way to it that breaks off."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from suyuan.eventlog.log import Log, Record
from suyuan.operations.alerts.outward import TOPIC
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.entry_link import entry_link
from suyuan.runtime.settings import Settings
from tests.portal.browser.site import wanted
from tests.portal.processes import Started
from tests.portal.shapes import embedded
from tests.portal.worlds import A
from tests.sinks.rows import NOW, alert, block

STREAM = b"GET /api/v1/alerts/live"


class Desk:
    """`portal` is ended and started again by tests; what it asks is answered by this process. `tables` are as they were
    seeded: what is said is in the log alone.
    """

    def __init__(self, portal, folder, tables):
        self.portal = portal
        self.url = portal.url
        self.tables = tables
        self.cookies = {}
        self._settings = Settings(data=folder, fsync=False, portal_port=portal.port)
        self._raised = count(NOW + 1_000_000)

    def link(self, role):
        """Lets one browser in, once."""
        return entry_link(self._settings, deployment_of(self._settings).outlet, wanted(role), "test")

    def by(self, proxy):
        """The same, entered and reached in another way."""
        return SimpleNamespace(
            url=proxy.url, cookies={}, link=lambda role: self.link(role).replace(self.url, proxy.url)
        )

    def alert(self, name, **fields):
        """One that is newer than all before."""
        said = {"platform_code": A.platform, "listing_id": name, "bureau": A.division, "raised_at": next(self._raised)}
        said |= {"title_zh": f"召回仍在售 {name}", "title_en": f"recalled, still on sale: {name}"}
        return alert(name, **said | {"received_at": time.time_ns() // 1_000_000} | fields)

    def say(self, *rows, partition=0):
        """In one message, as a stage would."""
        with Log.open(self._settings.data, role="publish", fsync="never") as log:
            log.append(TOPIC, partition, [Record(b"k", block("alert_state", *rows))])

    def say_many(self, name, number):
        """So many, over both partitions; their names, the newest first."""
        rows = [self.alert(f"{name}-{each:03}") for each in range(number)]
        for first in range(0, number, 50):
            self.say(*rows[first : first + 50], partition=first // 50 % 2)
        return [row["alert_id"] for row in reversed(rows)]


@contextmanager
def desk():
    """Until it is left."""
    with embedded() as (settings, tables), TemporaryDirectory(prefix="s") as logs:
        portal = Started(Path(logs) / "portal", "portal", SUYUAN_DATA=str(settings.data)).start()
        try:
            portal.wait(portal.answers)
            yield Desk(portal, settings.data, tables)
        finally:
            portal.stop()


class Proxy:
    """Hands on what a browser and a portal say to each other. `cut`: given what the portal has sent of a stream of
    alerts, where the stream breaks off, None: not yet; it is used once.
    """

    def __init__(self, port):
        self._to = port
        self._listens = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listens.getsockname()[1]}"
        self.cut = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):  # closed
            while True:
                here, _ = self._listens.accept()
                threading.Thread(target=self._hand_on, args=(here,), daemon=True).start()

    def _hand_on(self, here):
        with here, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as there:
            sent, streams = b"", False
            while True:
                for ready in select.select([here, there], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    if ready is here:
                        sent, streams = b"", STREAM in data
                        there.sendall(data)
                        continue
                    sent += data if streams else b""
                    at = self.cut(sent) if streams and self.cut is not None else None
                    if at is not None:
                        here.sendall(data[: max(0, at - len(sent) + len(data))])
                        self.cut = None
                        return
                    here.sendall(data)

    def close(self):
        self._listens.close()


def behind(text, number=1):
    """Behind that text, where it stands for so many times."""

    def cut(sent):
        parts = sent.split(text, number)
        return len(sent) - len(parts[-1]) if len(parts) > number else None

    return cut
