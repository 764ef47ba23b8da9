"""Sends dead letters again, each once.

1. what the log's own record says was sent again before is left out
2. what this version still cannot read is left out: it would only be a dead letter once more
3. the rest goes to the topic and partition where it was, under the key that it had, and is stored
4. then it is recorded as sent

Killed between 3 and 4, a command that is given again sends the same bytes again. The embedded log knows their identity
and leaves them out; in Kafka they are there twice, and intake calls the second one a duplicate.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Literal

from suyuan.operations.dead_letters.log import (
    Gone,
    Message,
    Replayed,
    ReplayLog,
    note,
    replays_noted,
    value_at,
)
from suyuan.operations.dead_letters.place import Place
from suyuan.queries.answers import WholeDeadLetter
from suyuan.schemas.accepted_runs import accepted_run
from suyuan.schemas.withheld import WITHHELD_TOPICS

Letters = Callable[[Sequence[Place]], Sequence[WholeDeadLetter]]
"""the dead letters at places, of those that there are"""
Result = Literal["replayed", "would_replay", "replayed_before", "unreadable", "gone", "unknown"]

CHUNK_LETTERS = 500
CHUNK_BYTES = 16 << 20
LARGEST_KEPT = 1 << 20
"""bytes of a payload that the tables keep at most"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one dead letter. `partition`, `offset`: where it is now, if it was sent; `reason`: why it was
    not.
    """

    place: Place
    result: Result
    partition: int | None = None
    offset: int | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "id": str(self.place),
            "result": self.result,
            "partition": self.partition,
            "offset": self.offset,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dead letter to be sent. `size`: bytes of its payload that the tables have, at most."""

    place: Place
    size: int = LARGEST_KEPT


@dataclass(frozen=True, slots=True)
class Correction:
    """What is sent instead of the bytes that were there."""

    key: bytes
    partition: int
    value: bytes


class Replayer:
    """Sends dead letters again. `dry_run`: send nothing. `force`: also send what was sent before, and what cannot be
    read.
    """

    def __init__(
        self,
        log: ReplayLog,
        letters: Letters,
        *,
        dry_run: bool = False,
        force: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._letters = letters
        self._dry_run = dry_run
        self._force = force
        self._clock = clock
        self._noted: Counter[Place] = replays_noted(log.reader)

    def replay(self, candidates: Iterable[Candidate], correction: Correction | None = None) -> Iterator[Outcome]:
        """An outcome for each candidate, in the order of their ids, once it is sent and recorded. `correction`: for a
        single candidate. Raises SuyuanError.
        """
        for chunk in _chunks(sorted(set(candidates), key=lambda candidate: candidate.place)):
            yield from self._replay(chunk, correction)

    def _replay(self, chunk: Sequence[Place], correction: Correction | None) -> Iterator[Outcome]:
        found = {
            Place(letter.topic, letter.source_partition, letter.source_offset): letter
            for letter in self._letters(chunk)
        }
        outcomes: dict[Place, Outcome] = {}
        messages: dict[Place, Message] = {}
        for place in chunk:
            if place not in found:
                outcomes[place] = Outcome(place, "unknown", reason="there is no such dead letter")
            elif self._noted[place] and not self._force:
                outcomes[place] = Outcome(place, "replayed_before")
            else:
                try:
                    messages[place] = self._message(place, found[place], correction)
                except Gone:
                    outcomes[place] = Outcome(place, "gone", reason="its topic no longer has all of its bytes")
        for place, reason in self._left_out(messages):
            outcomes[place] = Outcome(place, "unreadable", reason=reason)
            del messages[place]
        if self._dry_run:
            outcomes |= {
                place: Outcome(place, "would_replay", message.partition) for place, message in messages.items()
            }
        else:
            outcomes |= self._send(messages, edited=correction is not None)
        for place in chunk:
            yield outcomes[place]

    def _left_out(self, messages: Mapping[Place, Message]) -> list[tuple[Place, str]]:
        """What is not sent, and why. Not even force publishes again what may name a person."""
        judged = {
            place: message for place, message in messages.items() if not self._force or place.topic in WITHHELD_TOPICS
        }
        left_out = _unreadable(judged, int(self._clock() * 1000))
        return left_out + _empty({place: each for place, each in messages.items() if place not in judged})

    def _message(self, place: Place, letter: WholeDeadLetter, correction: Correction | None) -> Message:
        if correction is not None:
            message = Message(place.topic, correction.partition, correction.key, correction.value)
        else:
            key = None if letter.key is None else bytes.fromhex(letter.key)
            message = Message(place.topic, place.partition, key, self._value(place, letter))
        told = blake2b(f"replay {place} {self._noted[place]} ".encode(), digest_size=16)
        told.update(message.value or b"")
        return replace(message, identity=told.digest())

    def _value(self, place: Place, letter: WholeDeadLetter) -> bytes | None:
        payload = bytes.fromhex(letter.payload)  # empty where it is withheld
        if payload and len(payload) == letter.payload_bytes:
            return payload
        # of a large one the tables have the beginning, and they do not tell none at all from an empty one
        try:
            return value_at(self._log.reader, place)
        except Gone:
            if letter.payload_bytes:
                raise
            return b""

    def _send(self, messages: Mapping[Place, Message], *, edited: bool) -> dict[Place, Outcome]:
        if not messages:
            return {}
        offsets = self._log.send(list(messages.values()))
        sent = [
            Replayed(place, message.partition, offset, edited)
            for (place, message), offset in zip(messages.items(), offsets, strict=True)
        ]
        note(self._log, sent, int(self._clock() * 1000))
        self._noted.update(messages.keys())
        return {each.place: Outcome(each.place, "replayed", each.partition, each.offset) for each in sent}


def _chunks(candidates: Iterable[Candidate]) -> Iterator[list[Place]]:
    chunk: list[Place] = []
    size = 0
    for candidate in candidates:
        if chunk and (len(chunk) >= CHUNK_LETTERS or size + candidate.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(candidate.place)
        size += candidate.size
    if chunk:
        yield chunk


def _empty(messages: Mapping[Place, Message]) -> list[tuple[Place, str]]:
    """The messages with neither key nor value, which Kafka's clients refuse to send."""
    return [
        (place, "there is nothing to send: neither key nor value")
        for place, message in messages.items()
        if message.key is None and message.value is None
    ]


def _unreadable(messages: Mapping[Place, Message], now: int) -> list[tuple[Place, str]]:
    """The messages that intake would not accept, with the reasons. `now`: ms since the epoch, as when the log takes
    them.
    """
    by_topic: defaultdict[str, list[Place]] = defaultdict(list)
    for place in messages:
        by_topic[place.topic].append(place)
    found = []
    for topic, places in by_topic.items():
        values = [messages[place].value for place in places]
        taken = accepted_run(topic.removeprefix("in."), values, [now] * len(places))
        found += [
            (places[failure.index], f"{failure.field}: {failure.reason}" if failure.field else failure.reason)
            for failure in taken.failures
        ]
    return found
