"""Whether chains are what the records say: some are assessed anew."""

from __future__ import annotations

import time
from collections.abc import Iterator

from suyuan.errors import SuyuanError
from suyuan.eventlog.log import Log
from suyuan.operations.checks.finding import Finding
from suyuan.operations.consumer_lag import GroupLag
from suyuan.operations.topics.check import partition_count
from suyuan.runtime import open_queries as reading
from suyuan.runtime.settings import Settings
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.sinks.tables import TARGETS
from suyuan.streams.app import GROUP as STAGES
from suyuan.streams.topology import READ_TOPICS

SAMPLE = 1_000
LONG_AGO_MS = 600_000
"""what is still under way is not expected to have come before that"""
_SHOWN = 3


def sample(settings: Settings) -> Iterator[Finding]:
    """Some chains, other ones each time. Where messages are still to be done a difference may be one of those."""
    if not settings.clickhouse and (settings.kafka or not (settings.data / "clickhouse").is_dir()):
        return  # no tables that are known of, or none yet
    now = time.time_ns() // 1_000_000
    try:
        waiting, partitions = _standing(settings)
        settled = now - LONG_AGO_MS if waiting else now
        (found,) = reading.rows(settings, "chains_anew", settled=settled, count=SAMPLE, partitions=partitions)
    except SuyuanError as error:
        yield Finding("chains", "warning", f"not looked at: {error}")
        return
    said = f"{found['right']:,} of them assessed anew from the records are right"
    passed_over = [f"{found[name]:,} {words}" for name, words in _PASSED_OVER.items() if found[name]]
    said += f", {' and '.join(passed_over)} were passed over" if passed_over else ""
    if not found["wrong"]:
        yield Finding("chains", "ok", said)
    elif waiting:
        yield Finding(
            "chains",
            "warning",
            f"{said}, {len(found['wrong'])} differ, but {waiting:,} messages are still to be done: ask again then,"
            " or see what the verifier says (suyuan_verifier_wrong_chains)",
        )
    else:
        shown = "; ".join(found["wrong"][:_SHOWN]) + ("; …" if len(found["wrong"]) > _SHOWN else "")
        yield Finding("chains", "failed", f"{said}, {len(found['wrong'])} are wrong: {shown}")


_PASSED_OVER = {"unsettled": "of which something has just come in", "too_large": "that rest on too much to be read"}


def _standing(settings: Settings) -> tuple[int, int]:
    """Messages that stages and loaders have yet to do, and how many partitions there are."""
    if not settings.kafka:
        with Log.open(settings.data, role="read") as log:
            return sum(sum(log.lag(group).values()) for group in (STAGES, LOADERS)), log.partitions("chain")
    connection = settings.kafka_connection()
    waiting = 0
    for group, topics in ((STAGES, READ_TOPICS), (LOADERS, [target.topic for target in TARGETS])):
        lag = GroupLag(connection, group, topics)
        try:
            waiting += sum(max(0, each.end - each.committed) for each in lag.progress().values())
        finally:
            lag.close()
    return waiting, partition_count(connection, "chain") or settings.partitions
