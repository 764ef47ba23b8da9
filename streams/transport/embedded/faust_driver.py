"""Faust's transport over the embedded log: `FaustApp(broker="suyuan-embedded:///abs/data/folder")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from faust.transport import base

from suyuan.eventlog.shared import acquire
from suyuan.streams.transport.embedded.consumer import Consumer
from suyuan.streams.transport.embedded.producer import Producer

if TYPE_CHECKING:
    from suyuan.eventlog.log import Log
    from suyuan.eventlog.schema import Fsync

__all__ = ["Consumer", "Producer", "Transport"]


class Transport(base.Transport):  # type: ignore[misc] # faust is untyped here
    """The broker URL's path is the data folder; `?fsync=always|interval|never` its durability (default interval).

    A log of the folder that the process already holds (`eventlog.shared.acquire`) is shared.
    """

    Consumer: ClassVar[type[Any]] = Consumer
    Producer: ClassVar[type[Any]] = Producer
    default_port = 0
    driver_version = "suyuan-embedded"

    def open_log(self) -> Log:
        """The log; to be given back with `release`."""
        url = self.url[0]
        return acquire(url.path, cast("Fsync", url.query.get("fsync", "interval")))
