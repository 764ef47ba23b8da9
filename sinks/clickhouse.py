"""A ClickHouse to write to and to read from: chdb in this process, or a server over HTTP.

chdb allows one process per folder and one folder per process; forking with it open hangs (spawn instead). Its calls
block and release the GIL meanwhile, so all of this is meant for threads other than the event loop's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from suyuan.connections.addresses import refuse_plaintext
from suyuan.sinks.errors import ServerUnavailable, SinkError, TablesFull, TablesMissing, is_full, is_transient
from suyuan.sinks.folder_lock import FolderLock
from suyuan.sinks.readers import Budget, ReaderPool, Row, select

MIB = 1 << 20
CHDB_FILE = Path(__file__).with_name("chdb.txt")
"""settings of the embedded engine that have no name of their own: how merged parts are compressed"""


@dataclass(frozen=True, slots=True)
class ClickHouseSettings:
    """`path`: chdb's folder; None for a server at host and port. `readers`: read clients, each one query at a
    time.

    A server is spoken to over TLS with `secure`, verified against `ca_file` (PEM; None: the authorities that Python
    knows). Plaintext, with its password, goes to this machine alone, unless `allow_plaintext`. `cluster`: the name
    of the cluster that the tables are made on; empty for one server.

    `memory_mib` bounds what chdb allocates for queries, inserts and merges, beside some 300 MiB of its own
    code.
    """

    path: Path | None = None
    host: str = "localhost"
    port: int = 8123
    username: str = "default"
    password: str = field(default="", repr=False)
    secure: bool = False
    ca_file: Path | None = None
    allow_plaintext: bool = False
    database: str = "suyuan"
    cluster: str = ""
    readers: int = 2
    memory_mib: int = 700

    @property
    def place(self) -> str:
        """Where it is: the folder, or host and port, for messages."""
        return f"{self.host}:{self.port}" if self.path is None else str(self.path)

    @property
    def engine_options(self) -> dict[str, str]:
        """Server settings of the embedded engine: small caches, it shares the machine with the streams."""
        return {
            "config-file": str(CHDB_FILE),
            "max_server_memory_usage": str(self.memory_mib * MIB),
            "mark_cache_size": str(32 * MIB),
            "index_mark_cache_size": str(8 * MIB),
            "primary_index_cache_size": str(32 * MIB),
            "query_condition_cache_size": str(8 * MIB),
            "compiled_expression_cache_size": str(16 * MIB),
            "background_pool_size": "1",
            "background_schedule_pool_size": "2",
            "memory_worker_period_ms": "500",
            # each table looks by itself for what is to be merged, and at once where something was inserted: one that is
            # left alone soon looks once a minute only. It would look for streams each second or two; there are none
            "background_processing_pool_task_sleep_seconds_when_no_work_multiplier": "1.5",
            "background_processing_pool_task_sleep_seconds_when_no_work_max": "60",
            "background_streaming_processing_pool_thread_sleep_seconds_if_nothing_to_do": "600",
        }


QUERY_SETTINGS = {
    "max_threads": 2,
    "max_bytes_before_external_group_by": 200 * MIB,
    "max_bytes_before_external_sort": 200 * MIB,
}
CLUSTER_SETTINGS = {
    "distributed_product_mode": "local",
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
}
"""A key is on one shard, so a subquery of the same keys can stay there. An insert is answered when most replicas of
each shard have its rows
"""

_MISSING = {60, 81}  # UNKNOWN_TABLE, UNKNOWN_DATABASE

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
"""that a server may stay silent for"""


class ClickHouse:
    """One writer and a pool of readers on one database, which is made if absent; `make=False`: only read."""

    def __init__(self, settings: ClickHouseSettings, *, make: bool = True) -> None:
        """Raises FolderInUse, ServerUnavailable, or InsecureConnection for plaintext that was not allowed."""
        if settings.path is None and not settings.secure and not settings.allow_plaintext:
            refuse_plaintext([settings.host], "tls")
        self.settings = settings
        self._make = make
        self._lock = FolderLock(settings.path) if settings.path is not None else None
        self._clients: list[Client] = []
        self._connecting = threading.Lock()
        self._closed = False
        try:
            self.writer = self._connect()
            self._readers: SimpleQueue[Client] = SimpleQueue()
            for _ in range(settings.readers):
                self._readers.put(self._connect())
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reader(self) -> Iterator[Client]:
        """A read client for the duration of the context; waits while all are in use."""
        client = self._readers.get()
        try:
            yield client
        finally:
            self._readers.put(client)

    def select(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows, by one of the readers, in whatever time it takes (see `readers.Tables`)."""
        with self.reader() as client:
            return select(client, statement, parameters)

    def pool(self, budget: Budget) -> ReaderPool:
        """Readers of their own for one use, which end with this."""
        return ReaderPool(budget, self._connect)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turns the client's errors into ServerUnavailable (also where it refuses the user), TablesFull, TablesMissing,
        or SinkError.
        """
        try:
            yield
        except (ClickHouseError, OSError) as error:
            if getattr(error, "code", None) in _MISSING:
                where = f"database {self.settings.database} of ClickHouse at {self.settings.place}"
                raise TablesMissing(f"{where} has no tables, or other ones") from error
            if is_full(error):
                raise self._full(error) from error
            kind = ServerUnavailable if is_transient(error) or isinstance(error, OSError) else SinkError
            raise kind(f"ClickHouse at {self.settings.place}: {error}") from error

    def close(self) -> None:
        """Close every client and release the folder. May be called twice. Who then asks for a client, or waited for
        one, is told ServerUnavailable.
        """
        with self._connecting:
            self._closed = True
            while self._clients:
                self._clients.pop().close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _full(self, error: Exception) -> TablesFull:
        return TablesFull(f"no room for the tables at {self.settings.place}: free space, then start again ({error})")

    def _connect(self, answer_seconds: float = ANSWER_SECONDS) -> Client:
        with self._connecting:
            if self._closed:  # the folder may be another process's by now
                raise ServerUnavailable(f"ClickHouse at {self.settings.place} was closed")
            return self._connect_alone(answer_seconds)

    def _connect_alone(self, answer_seconds: float) -> Client:
        settings = self.settings
        try:
            client = clickhouse_connect.get_client(**self._address(answer_seconds))
            if self._make and not self._clients:
                on_cluster = f" ON CLUSTER `{settings.cluster}`" if settings.cluster else ""
                client.command(f"CREATE DATABASE IF NOT EXISTS `{settings.database}`{on_cluster}")
        except (ClickHouseError, OSError) as error:
            if is_full(error):
                raise self._full(error) from error
            raise ServerUnavailable(f"ClickHouse at {settings.place}: {error}") from error
        client.database = settings.database
        self._clients.append(client)
        return client

    def _address(self, answer_seconds: float) -> dict[str, Any]:
        settings = self.settings
        if settings.path is not None:
            settings.path.mkdir(parents=True, exist_ok=True)
            return {
                "interface": "chdb",
                "path": str(settings.path),
                "chdb_options": settings.engine_options,
                "settings": QUERY_SETTINGS,
            }
        trusted = {} if settings.ca_file is None else {"ca_cert": str(settings.ca_file)}
        return {
            "host": settings.host,
            "port": settings.port,
            "username": settings.username,
            "password": settings.password,
            "interface": "https" if settings.secure else "http",
            **trusted,
            "autogenerate_session_id": False,
            "connect_timeout": CONNECT_SECONDS,
            "send_receive_timeout": answer_seconds,
            "settings": QUERY_SETTINGS | (CLUSTER_SETTINGS if settings.cluster else {}),
        }
