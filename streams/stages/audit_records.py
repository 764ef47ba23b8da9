"""Events on their way into the audit's tree: rows of `audit.record`, all of one key, so all in one partition."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import polars as pl

from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Output, Run

TOPIC = "audit.record"
KEY = "audit"
ACCESS = "access"
"""what the kind of an access event is called; its bytes name people"""
_SYSTEM = "SUYUAN"


def audit_records(run: Run, kind: str, rows: pl.DataFrame) -> Output:
    """Accepted events of a run of `in.<kind>`. `rows`: key, id, digest, event_id, publisher, offset, received_at."""
    at = np.searchsorted(np.asarray(run.offsets, np.int64), rows["offset"].to_numpy())
    return _output(
        run,
        rows.with_columns(
            kind=pl.lit(kind),
            source_offset=pl.col("offset"),
            raw=pl.Series([run.values[each] for each in at.tolist()], dtype=pl.Binary),
        ),
    )


def access_records(run: Run) -> Output:
    """All that was said of access in a run of `in.access`, whether anybody can read it or not."""
    said = [row for row, value in enumerate(run.values) if value is not None]
    values = [run.values[row] or b"" for row in said]
    return _output(
        run,
        pl.DataFrame(
            {
                "id": [f"{ACCESS}:{sha256(value).hexdigest()}" for value in values],
                "key": [(run.keys[row] or b"").decode(errors="replace") for row in said],
                "source_offset": [run.offsets[row] for row in said],
                "received_at": [run.timestamps[row] for row in said],
                "raw": values,
            },
            schema={
                name: block_schema("audit_record")[name]
                for name in ("id", "key", "source_offset", "received_at", "raw")
            },
        ).with_columns(
            kind=pl.lit(ACCESS),
            publisher=pl.lit(_SYSTEM),
            event_id=pl.lit(None, pl.String),
            digest=pl.lit(None, pl.String),
        ),
    )


def _output(run: Run, rows: pl.DataFrame) -> Output:
    placed = rows.with_columns(
        source_topic=pl.lit(run.topic), source_partition=pl.lit(run.partition, pl.Int64), route=pl.lit(KEY)
    )
    return Output(TOPIC, placed.select(*block_schema("audit_record"), "route"), key="route")
