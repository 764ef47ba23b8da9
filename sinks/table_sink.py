"""The ClickHouse tables as a sink: a batch is one insert, in effect once."""

from __future__ import annotations

from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from suyuan.sinks.batches import Batch
from suyuan.sinks.errors import LoaderError
from suyuan.sinks.tables import GROUP, TARGETS, Target

INSERT_SETTINGS = {
    "max_threads": 1,
    "max_insert_threads": 1,
    "input_format_parallel_parsing": 0,
    "input_format_null_as_default": 1,
    "input_format_arrow_allow_missing_columns": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "materialized_views_ignore_errors": 0,
    "async_insert": 0,
    "optimize_on_insert": 0,
}
"""one thread: the streams need the others. A repeat of the token completes what a failure kept from a
dependent table. Not asynchronous, whatever a server's default is: the answer says that the rows are in. Rows of one key
in one insert are folded with all others, by the next merge and by who reads; folding them before would take a third of
an insert's time, and would not spare the reader anything, since the same key may be in another part
"""


class TableSink:
    """Inserts each batch as the Arrow stream that it is, with its token: ClickHouse drops a repeat."""

    group = GROUP

    def __init__(self, client: Client, targets: Sequence[Target] = TARGETS) -> None:
        self.targets = targets
        self._client = client

    def write(self, batch: Batch) -> None:
        """Insert the rows of one batch; they are durable on return, and in effect written once. Raises ClickHouseError,
        OSError.
        """
        if not batch.rows:
            return
        summary = self._client.raw_insert(
            batch.target.name,
            batch.columns,
            insert_block=batch.data,
            fmt="ArrowStream",
            settings={**INSERT_SETTINGS, "insert_deduplication_token": batch.token},
        )
        written = int(summary.summary.get("written_rows", 0))
        # a server counts what it wrote into dependent tables too, and of a repeat only where rows were missing
        if written < batch.rows and not (batch.repeated and written == 0):
            raise LoaderError(f"{batch.target.name} took {written} of {batch.rows} rows of {batch.token}")
