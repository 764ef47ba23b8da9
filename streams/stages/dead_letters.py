"""Dead letters: messages that are no event or are not accepted, with everything needed to look at one and to publish it
again, save where that may name a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from suyuan.connections.refused_batch import RefusedBatch
from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.kinds import PUBLISHER_FIRST
from suyuan.schemas.runs import Failure
from suyuan.schemas.withheld import WITHHELD_TOPICS, stand_in
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters, Unreadable, Verdict
from suyuan.streams.stage import Output, Run, StateView

PAYLOAD_LIMIT = 1 << 20
"""bytes of a payload that are kept: all of every event that is not too large. `payload_bytes` says how many there were,
and the input topic still has them.
"""
NAME_LIMIT = 64
"""characters of a publisher in a key; what is longer names nobody"""
SHOWN = 3


def with_refusals(run: Run, failures: Sequence[Failure]) -> list[Failure]:
    """The failures, with another reason where a batch could not be unpacked: its topic-partition and offsets, its sizes
    and the remedy.
    """
    refused = {failure.index: run.values[failure.index] for failure in failures}
    return [
        Failure(each.index, value.reason) if isinstance(value := refused[each.index], RefusedBatch) else each
        for each in failures
    ]


def dead_letters(
    run: Run, kind: str, failures: Sequence[Failure], set_aside: Mapping[str, int] | None = None
) -> list[Output]:
    """One output of the block schema `dead_letter`, a row per failure; or nothing. `set_aside`: as `note_failures`
    returns it.
    """
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
    return [Output("dead_letter", pl.DataFrame(rows, schema=block_schema("dead_letter")), set_aside=set_aside or {})]


def note_failures(
    run: Run, kind: str, failures: Sequence[Failure], state: StateView, limit: DeadLetterLimit
) -> Mapping[str, int]:
    """Remember in the partition's state where the topic's last failures were, and whose. Returns, per publisher that is
    set aside, how many of the failures are theirs. Raises TooManyDeadLetters. To be called for messages that cannot be
    read alone: what the rules of acceptance refuse is no sign of a reader that fails.
    """
    if not failures or run.redelivered:  # what comes again was noted the first time
        return {}
    name = f"unreadable by publisher{SEPARATOR}{run.topic}".encode()
    unreadable = Unreadable(limit, state.get(name))
    aside: Counter[str] = Counter()
    for number, failure in enumerate(failures):
        offset = run.offsets[failure.index]
        publisher = publisher_in_key(kind, run.keys[failure.index])
        verdict = unreadable.note(offset, publisher)
        if verdict is Verdict.BEYOND:
            raise TooManyDeadLetters(
                run.topic,
                run.partition,
                offset,
                first_offset=unreadable.first_offset,
                count=unreadable.count,
                window=limit.window,
                why=_commonest(failures[: number + 1]),
                whose=_whose(unreadable) if kind in PUBLISHER_FIRST else "",
                aside=unreadable.aside,
            )
        if verdict is Verdict.SET_ASIDE and publisher is not None:
            aside[publisher] += 1
    state.put(name, unreadable.dump())
    return aside


def publisher_in_key(kind: str, key: bytes | None) -> str | None:
    """The publisher that a message's key names, where keys of the kind do; None where none can be read."""
    if kind not in PUBLISHER_FIRST or not key:
        return None
    first, separator, _ = key.partition(SEPARATOR.encode())
    try:
        name = first.decode()
    except UnicodeDecodeError:
        return None
    return name if separator and 0 < len(name) <= NAME_LIMIT and name.isprintable() else None


def _whose(unreadable: Unreadable) -> str:
    publishers = unreadable.publishers()
    shown = [f"{name or 'nobody that the key names'} {count:,}" for name, count in publishers[:SHOWN]]
    more = len(publishers) - SHOWN
    last = f"{more:,} more publishers" if more > 0 else shown.pop() if len(shown) > 1 else ""
    return f"of {', '.join(shown)}" + (f" and {last}" if last else "")


def _commonest(failures: Sequence[Failure]) -> str:
    reasons = Counter(f"{each.field}: {each.reason}" if each.field else each.reason for each in failures)
    return reasons.most_common(1)[0][0]
