"""What is no event or does not count, with everything needed to look at it and to publish it again, save where that
may name a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl

from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.runs import Failure
from suyuan.schemas.withheld import WITHHELD_TOPICS, stand_in
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from suyuan.streams.stage import Emit, Run, StateView

PAYLOAD_LIMIT = 1 << 20
"""bytes of a payload that are kept: all of every event that is not too large. `payload_bytes` says how many there were,
and the input topic still has them.
"""
_OFFSET = np.dtype("<i8")


def dead_letters(run: Run, kind: str, failures: Sequence[Failure]) -> list[Emit]:
    """One row per failure, or nothing."""
    if not failures:
        return []
    rows, withheld = [], run.topic in WITHHELD_TOPICS
    for failure in failures:
        payload, key = run.values[failure.index] or b"", run.keys[failure.index]
        rows.append(
            {
                "topic": run.topic,
                "source_partition": run.partition,
                "source_offset": run.offsets[failure.index],
                "reason": failure.reason,
                "field": failure.field,
                "kind": kind,
                "key": None if withheld else key,
                "payload": stand_in(payload) if withheld else payload[:PAYLOAD_LIMIT],
                "payload_bytes": len(payload),
                "received_at": run.timestamps[failure.index],
            }
        )
    return [Emit("dead_letter", pl.DataFrame(rows, schema=block_schema("dead_letter")))]


def note_failures(run: Run, failures: Sequence[Failure], state: StateView, limit: DeadLetterLimit) -> None:
    """Remember in the partition's state where the topic's last failures were. Raises TooManyDeadLetters. For messages
    that are no events alone: what the rules of acceptance refuse is no sign of a reader that fails.
    """
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
