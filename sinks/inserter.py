"""One batch into its table: again and again while what hinders it may pass, and only once in effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from clickhouse_connect.driver.client import Client

from suyuan.sinks.batches import Batch
from suyuan.sinks.errors import LoaderError, is_transient

INSERT_SETTINGS = {
    "max_threads": 1,
    "max_insert_threads": 1,
    "input_format_parallel_parsing": 0,
    "input_format_null_as_default": 1,
    "input_format_avro_allow_missing_fields": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "materialized_views_ignore_errors": 0,
    "async_insert": 0,
}
"""one thread: the streams need the others. A repeat of the token completes what a failure kept from a
dependent table. Not asynchronous, whatever a server's default is: the answer says that the rows are in
"""


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits of first, 2 x first, ... up to `longest` seconds, each times a chance of 0.5 to 1."""

    first: float = 0.1
    longest: float = 30.0

    def seconds(self, attempt: int, chance: Random) -> float:
        """Before the attempt after `attempt` (1, 2, ...) failed ones."""
        return min(self.longest, self.first * 2.0 ** min(attempt - 1, 30)) * chance.uniform(0.5, 1)


class Inserter:
    """`pause(seconds)` waits and says whether to go on; `on_retry(batch, error, attempt)` is told of each
    failure.
    """

    def __init__(
        self,
        client: Client,
        pause: Callable[[float], bool],
        back_off: BackOff | None = None,
        on_retry: Callable[[Batch, Exception, int], None] | None = None,
        chance: Random | None = None,
    ) -> None:
        self._client = client
        self._pause = pause
        self._back_off = back_off or BackOff()
        self._on_retry = on_retry
        self._chance = chance or Random()  # noqa: S311 - spreads retries, keeps no secret

    def insert(self, batch: Batch) -> bool:
        """True when the rows are in; False when told to stop before. Raises LoaderError for what no repeat
        can mend.
        """
        attempt = 0
        while True:
            try:
                self._once(batch, repeated=batch.repeated or attempt > 0)
            except LoaderError:
                raise
            except Exception as error:  # judged by is_transient; nothing is acknowledged either way
                attempt += 1
                if not is_transient(error):
                    raise LoaderError(f"table {batch.target.table}, {batch.token}: {error}") from error
                if self._on_retry is not None:
                    self._on_retry(batch, error, attempt)
                if not self._pause(self._back_off.seconds(attempt, self._chance)):
                    return False
            else:
                return True

    def _once(self, batch: Batch, *, repeated: bool) -> None:
        if not batch.rows:
            return
        summary = self._client.raw_insert(
            batch.target.table,
            batch.target.columns,
            insert_block=batch.data,
            fmt="Avro",
            settings={**INSERT_SETTINGS, "insert_deduplication_token": batch.token},
        )
        written = int(summary.summary.get("written_rows", 0))
        # a server counts what it wrote into dependent tables too, and of a repeat only where rows were missing
        if written < batch.rows and not (repeated and written == 0):
            raise LoaderError(f"table {batch.target.table} took {written} of {batch.rows} rows of {batch.token}")
