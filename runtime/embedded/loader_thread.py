"""A loader in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from suyuan.eventlog.log import Log
from suyuan.runtime.lost import note_lost
from suyuan.sinks.loader import Loaded, Loader
from suyuan.sinks.metrics import observe_loaded, observe_retry
from suyuan.sinks.sink import Sink


class LoaderThread:
    """Loads into one sink, in a thread, until stopped; `fail(error)` is called when it cannot go on."""

    def __init__(
        self, log: Log, sink: Sink, fail: Callable[[BaseException], None], *, accept_loss: bool = False
    ) -> None:
        self.group = sink.group
        self._log = log
        self._accept_loss = accept_loss
        self._sink = sink
        self._fail = fail
        self._thread: threading.Thread | None = None
        self.rows: dict[str, int] = {}
        """rows loaded since the start, by table, or what else the sink has"""

    def start(self) -> None:
        """Resume what was intended, and go on in the background."""
        self._loader = Loader(
            self._log,
            self._sink,
            on_loaded=self._note,
            on_retry=observe_retry,
            on_lost=partial(note_lost, group=self.group),
            accept_loss=self._accept_loss,
        )
        self._log.listen(self._loader.wake)
        self._thread = threading.Thread(target=self._run, name=self.group, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in flight."""
        if self._thread is not None:
            self._log.unlisten(self._loader.wake)
            self._loader.stop.set()
            self._loader.wake()
            self._thread.join()
            self._thread = None

    def wait_for_more(self, *, wait: bool) -> None:
        """Whether rows wait for others, so that inserts are large; to be called once it has started."""
        if self._loader.waits is not wait:
            self._loader.waits = wait
            self._loader.wake()

    def lag(self) -> dict[tuple[str, int], int]:
        """Messages not yet in the sink."""
        return self._loader.lag()

    def _run(self) -> None:
        try:
            self._loader.run()
        except Exception as error:  # noqa: BLE001 -- whoever runs the process decides
            self._fail(error)

    def _note(self, loaded: Loaded) -> None:
        self.rows[loaded.target.name] = self.rows.get(loaded.target.name, 0) + loaded.rows
        observe_loaded(loaded)
