"""What cannot be read, with everything needed to look at it and to publish it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from suyuan.connections.refused_batch import RefusedBatch
from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.runs import Failure
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from suyuan.streams.stage import Emit, Run, StateView

PAYLOAD_LIMIT = 1 << 20
"""bytes of a payload that are kept: all of every event that is not too large. `payload_bytes` says how many there were,
and the input topic still has them.
"""
_OFFSET = np.dtype("<i8")


def with_refusals(run: Run, failures: Sequence[Failure]) -> list[Failure]:
    """The same, but where a batch was not unpacked that is the reason: its place, its sizes and the remedy."""
    refused = {failure.index: run.values[failure.index] for failure in failures}
    return [
        Failure(each.index, value.reason) if isinstance(value := refused[each.index], RefusedBatch) else each
        for each in failures
    ]


def dead_letters(run: Run, kind: str, failures: Sequence[Failure]) -> list[Emit]:
    """One row per failure, or nothing."""
    if not failures:
        return []
    rows = []
    for failure in failures:
        payload = run.values[failure.index] or b""
        rows.append(
            {
                "topic": run.topic,
                "source_partition": run.partition,
                "source_offset": run.offsets[failure.index],
                "reason": failure.reason,
                "field": failure.field,
                "kind": kind,
                "key": run.keys[failure.index],
                "payload": payload[:PAYLOAD_LIMIT],
                "payload_bytes": len(payload),
                "received_at": run.timestamps[failure.index],
            }
        )
    return [Emit("dead_letter", pl.DataFrame(rows, schema=block_schema("dead_letter")))]


def note_failures(run: Run, failures: Sequence[Failure], state: StateView, limit: DeadLetterLimit) -> None:
    """Remember in the partition's state where the topic's last failures were. Raises TooManyDeadLetters."""
    if not failures or run.redelivered:  # what comes again was noted the first time
        return
    name = f"unreadable{SEPARATOR}{run.topic}".encode()
    before = np.frombuffer(state.get(name) or b"", dtype=_OFFSET)
    new = np.array([run.offsets[failure.index] for failure in failures], dtype=_OFFSET)
    beyond = limit.first_beyond(before, new)
    if beyond is not None:
        near = limit.noted(before, new[: beyond + 1])
        raise TooManyDeadLetters(
            run.topic,
            run.partition,
            int(near[-1]),
            since=int(near[0]),
            count=len(near),
            window=limit.window,
            why=_commonest(failures[: beyond + 1]),
        )
    state.put(name, limit.noted(before, new).tobytes())


def _commonest(failures: Sequence[Failure]) -> str:
    reasons = Counter(f"{each.field}: {each.reason}" if each.field else each.reason for each in failures)
    return reasons.most_common(1)[0][0]
