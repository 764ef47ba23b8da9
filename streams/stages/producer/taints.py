"""What lots of a partition are tainted with: kept, and told to the lots made from them (see domain/facts/lineage.py).

Lots of one partition tell each other in its state, without a message.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from suyuan.domain.facts.genealogy import inputs_of
from suyuan.domain.facts.lineage import Kind, Taint, combine, own_taints
from suyuan.domain.facts.quality import gravest, latest
from suyuan.domain.keys import join_key, partition_of
from suyuan.domain.records import Inspection, Lot, Recall
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.producer.due import Due
from suyuan.streams.stages.producer.kept import kept_record
from suyuan.streams.stages.producer.keys import LotKey, name, parts, prefix
from suyuan.streams.stages.producer.lineage import (
    ENDED,
    NOTHING,
    Cause,
    Told,
    cause_of,
    decode_taints,
    encode_taints,
    heard,
    lot_key,
    send,
)
from suyuan.streams.stages.redelivery import block_id, came_of


class Taints:
    """Reads and writes a partition's taints for one block. Lots whose taints may change by that are added to `due`."""

    def __init__(self, block: Block, state: StateView, context: StageContext, due: Due) -> None:
        self._block = block
        self._state = state
        self._context = context
        self._due = due
        self._told: list[Told] = []
        self._to_answer: list[Told] = []
        self._ended: dict[Cause, int] = {}
        self._block_id = block_id(block)

    def hear(self) -> None:
        """Take in one block of `producer.lineage`."""
        for told in heard(self._block):
            if told.message == "ended":
                kind, term = ENDED.decode(told.taints)
                self._hear_end(Cause(kind, told.upstream), term, told.received_at)
            elif told.downstream is None:
                continue
            elif told.message == "follow":
                self._follow(told.upstream, told.downstream, told.received_at)
                self._to_answer.append(told)
            else:
                self._state.put(name("told", *told.downstream, *told.upstream), told.taints)
                self._due.add(told.downstream, told.received_at)

    def read_ahead(self, lots: Sequence[LotKey]) -> None:
        """Read at once what `update` will look for."""
        self._state.peek_many([name("taints", *lot) for lot in lots])

    def follow_inputs(self, lot: LotKey, received_at: int) -> None:
        """Have each input that the lot's record names tell the lot its taints from now on."""
        record = kept_record(self._state, "lot", Lot, "lot", *lot)
        for upstream in map(lot_key, inputs_of(record)):
            partition = self._partition(upstream)
            if partition != self._context.partition:
                self._told.append(Told(partition, "follow", upstream, lot, received_at))
                continue
            self._follow(upstream, lot, received_at)
            _, told = self._held(upstream)
            if told != NOTHING:
                self._tell_here(lot, upstream, told, received_at)

    def update(
        self,
        lot: LotKey,
        record: Lot | None,
        inspections: Sequence[Inspection],
        recalls: Sequence[Recall],
        told: Sequence[tuple[bytes, bytes]],
        received_at: int,
    ) -> tuple[Taint, ...]:
        """The taints of the lot now. They are kept, and told to the lots made from it where they are new. `recalls`:
        those of its item; `told`: what the state has below `told, lot`.
        """
        key = join_key(*lot)
        covering = gravest(recall for recall in recalls if not recall.lots or lot[2] in recall.lots)
        inspection = latest(inspections)
        new_to, held = self._held(lot)
        before = decode_taints(held)
        if any(x.kind == "failed" and x.steps == 0 for x in before) and (
            inspection is None or inspection.result != "fail"
        ):
            self.end(Cause("failed", lot), received_at)
        elif self._block.redelivered:
            self.end_again(Cause("failed", lot), received_at)
        own = own_taints(key, covering, inspection, self._term_of)
        taints = combine(key, own, self._told_by_inputs(told, record), self._is_over, before)
        now = encode_taints(taints)
        if now != held:
            self._state.put(name("taints", *lot), f"{self._block_id}\n".encode() + now)
            self._index(lot, before, taints)
            self._tell(lot, now, received_at)
        elif self._changed_by_this_block(new_to):
            self._tell(lot, now, received_at)
        return taints

    def end(self, cause: Cause, received_at: int) -> None:
        """End a cause's term: it taints nothing any more, or less than it did, so all that was told of it is over."""
        term = self._term(cause)
        self._state.put(name("term", *cause.name), f"{term + 1}\n{self._block_id}".encode())
        self._tell_end(cause, term, received_at)

    def end_again(self, cause: Cause, received_at: int) -> None:
        """Tell again of an end that this very block told of when it was done first."""
        term, _, new_to = (self._state.get(name("term", *cause.name)) or b"0").partition(b"\n")
        if self._changed_by_this_block(new_to):
            self._tell_end(cause, int(term) - 1, received_at)

    def outputs(self) -> list[Output]:
        """The messages for lots in other partitions, as `producer.lineage`. Lots that began to follow an input are told
        its taints as they are by now.
        """
        for asked in self._to_answer:
            assert asked.downstream is not None  # noqa: S101 -- narrows the type for the type checker
            _, told = self._held(asked.upstream)
            if told != NOTHING:
                self._tell_one(asked.upstream, asked.downstream, told, asked.received_at)
        return send(self._told)

    def _follow(self, upstream: LotKey, downstream: LotKey, received_at: int) -> None:
        if not self._state.scan(prefix("follow", *upstream), limit=1):
            self._due.add(upstream, received_at)  # nobody asked what it is tainted with before
        self._state.put(name("follow", *upstream, *downstream), b"")

    def _told_by_inputs(self, told: Sequence[tuple[bytes, bytes]], record: Lot | None) -> dict[str, tuple[Taint, ...]]:
        """By input lot; what a former input told is forgotten."""
        inputs = set(inputs_of(record)) if told else set()
        taints = {}
        for key, value in told:
            upstream = join_key(*parts(key)[4:])
            if upstream in inputs:
                taints[upstream] = decode_taints(value)
            else:
                self._state.delete(key)
        return taints

    def _held(self, lot: LotKey) -> tuple[bytes, bytes]:
        """(the block that they were new to, taints) as the lot told them last."""
        new_to, _, taints = (self._state.get(name("taints", *lot)) or b"\n[]").partition(b"\n")
        return new_to, taints

    def _index(self, lot: LotKey, before: Sequence[Taint], now: Sequence[Taint]) -> None:
        had, has = {cause_of(taint) for taint in before}, {cause_of(taint) for taint in now}
        for cause in had - has:
            self._state.delete(name("tainted", *cause.name, *lot))
        for cause in has - had:
            self._state.put(name("tainted", *cause.name, *lot), b"")

    def _tell(self, lot: LotKey, taints: bytes, received_at: int) -> None:
        for key, _ in self._state.scan(prefix("follow", *lot)):
            self._tell_one(lot, lot_key(join_key(*parts(key)[4:])), taints, received_at)

    def _tell_one(self, lot: LotKey, downstream: LotKey, taints: bytes, received_at: int) -> None:
        partition = self._partition(downstream)
        if partition == self._context.partition:
            self._tell_here(downstream, lot, taints, received_at)
        else:
            self._told.append(Told(partition, "taints", lot, downstream, received_at, taints))

    def _tell_here(self, downstream: LotKey, upstream: LotKey, taints: bytes, received_at: int) -> None:
        key = name("told", *downstream, *upstream)
        if self._state.get(key) != taints:
            self._state.put(key, taints)
            self._due.add(downstream, received_at)

    def _tell_end(self, cause: Cause, term: int, received_at: int) -> None:
        self._hear_end(cause, term, received_at)
        if not self._state.scan(prefix("follow", *cause.key[:2]), limit=1):
            return  # nothing was told elsewhere
        value = msgspec.json.encode((cause.kind, term))
        self._told += [
            Told(partition, "ended", cause.key, None, received_at, value)
            for partition in range(self._context.partitions)
            if partition != self._context.partition
        ]

    def _hear_end(self, cause: Cause, term: int, received_at: int) -> None:
        if term <= self._ended_term(cause):
            return
        self._ended[cause] = term
        self._state.put(name("ended", *cause.name), str(term).encode())
        for key, _ in self._state.scan(prefix("tainted", *cause.name)):
            self._due.add(lot_key(join_key(*parts(key)[5:])), received_at)

    def _is_over(self, taint: Taint) -> bool:
        return taint.term <= self._ended_term(cause_of(taint))

    def _ended_term(self, cause: Cause) -> int:
        term = self._ended.get(cause)
        if term is None:
            term = self._ended[cause] = int(self._state.get(name("ended", *cause.name)) or b"-1")
        return term

    def _term(self, cause: Cause) -> int:
        return int((self._state.get(name("term", *cause.name)) or b"0").partition(b"\n")[0])

    def _term_of(self, kind: Kind, cause_key: str) -> int:
        return self._term(Cause(kind, lot_key(cause_key)))

    def _partition(self, lot: LotKey) -> int:
        return partition_of(lot[0], self._context.partitions)

    def _changed_by_this_block(self, new_to: bytes) -> bool:
        """Whether the taints, or the end of a term, were new to this block when it was done first. Told again by every
        redelivered block, a change would go round circles for as long as blocks are redelivered.
        """
        return came_of(self._block, new_to.decode())
