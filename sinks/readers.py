"""Readers of a ClickHouse: so many at a time for one use, so many that wait, and no question for longer than it may.

A pool for each use: what takes long, or is asked often, has readers of its own, and is in nobody else's way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from suyuan.sinks.errors import OverBudget

Row = dict[str, Any]

_FORMATS = {"DateTime64*": "int"}
_TIMEOUT_EXCEEDED = 159
_BLOCK_ROWS = 4096
_GRACE = 10.0
"""seconds in which a server may tell that it has ended a question; then nobody waits for it any more"""


@dataclass(frozen=True, slots=True)
class Budget:
    """`readers`: questions that are answered at the same time; `waiting`: questions that wait for one of these;
    `seconds`: that a question may take, what it waits included.
    """

    readers: int
    waiting: int
    seconds: float


class Tables(Protocol):
    """What can be asked with SQL."""

    def select(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows: times as ms UTC, dates as dates, named tuples as dicts. Raises OverBudget, or the
        client's error.
        """


@dataclass(frozen=True, slots=True)
class Reader:
    """One question's turn: a client of its own for the time being. `until`: by the monotonic clock."""

    client: Client
    seconds: float
    until: float

    def select(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """As Tables.select."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise self._too_long()
        try:
            return select(self.client, statement, parameters, {"max_execution_time": left})
        except ClickHouseError as error:
            if getattr(error, "code", None) == _TIMEOUT_EXCEEDED or time.monotonic() >= self.until:
                raise self._too_long() from error
            raise

    def stream(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Generator[list[Row]]:
        """The same rows in blocks, for as long as they are taken: whoever takes them must not wait for others."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise self._too_long()
        try:
            with self.client.query_row_block_stream(
                statement,
                parameters=dict(parameters or {}),
                query_formats=_FORMATS,
                settings={"max_execution_time": left, "max_block_size": _BLOCK_ROWS},
            ) as blocks:
                names = blocks.source.column_names
                for block in blocks:
                    if time.monotonic() >= self.until:
                        raise self._too_long()
                    yield [dict(zip(names, values, strict=True)) for values in block]
        except ClickHouseError as error:
            if getattr(error, "code", None) == _TIMEOUT_EXCEEDED or time.monotonic() >= self.until:
                raise self._too_long() from error
            raise

    def _too_long(self) -> OverBudget:
        return OverBudget(
            f"the answer takes longer than the {self.seconds:g} s that such a question may take: ask for less, or again"
            " when the tables are less busy"
        )


class ReaderPool:
    """Clients are made when they are first needed."""

    def __init__(self, budget: Budget, connect: Callable[[float], Client]) -> None:
        """`connect`: makes a client that waits so many seconds for an answer."""
        self._budget = budget
        self._connect = connect
        self._free: list[Client] = []
        self._out = 0
        self._waiting = 0
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many questions wait for a reader."""
        return self._waiting

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """For one question. Raises OverBudget where too many wait, or none was free in time."""
        budget = self._budget
        until = time.monotonic() + budget.seconds
        client = self._take(until)
        try:
            if client is None:
                client = self._connect(budget.seconds + _GRACE)
            yield Reader(client, budget.seconds, until)
        finally:
            with self._changed:
                self._out -= 1
                if client is not None:
                    self._free.append(client)
                self._changed.notify()

    def _take(self, until: float) -> Client | None:
        """A client, or None where one is to be made."""
        budget = self._budget
        with self._changed:
            if self._out >= budget.readers:
                if self._waiting >= budget.waiting:
                    raise OverBudget(
                        f"busy: {budget.readers} such questions are being answered, and {self._waiting} wait: ask again"
                        " later"
                    )
                self._waiting += 1
                try:
                    free = self._changed.wait_for(lambda: self._out < budget.readers, until - time.monotonic())
                finally:
                    self._waiting -= 1
                if not free:
                    raise OverBudget(
                        f"busy: {budget.readers} such questions were being answered for {budget.seconds:g} s: ask again"
                        " later"
                    )
            self._out += 1
            return self._free.pop() if self._free else None


def select(
    client: Client, statement: str, parameters: Mapping[str, Any] | None, settings: Mapping[str, Any] | None = None
) -> list[Row]:
    """As Tables.select."""
    result = client.query(
        statement, parameters=dict(parameters or {}), query_formats=_FORMATS, settings=dict(settings or {})
    )
    return [dict(zip(result.column_names, values, strict=True)) for values in result.result_rows]
