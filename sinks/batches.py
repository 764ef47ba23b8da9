"""What a sink takes at once: blocks of ranges of a topic's partitions; and the note that lets it be repeated."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from suyuan.connections.topic_partition import TopicPartition
from suyuan.schemas.arrow_stream import joined
from suyuan.schemas.blocks import (
    FORMER_BLOCKS,
    BlockError,
    WrittenBlock,
    block_schema,
    decode_block,
    encode_block,
    is_former,
    read_block,
)
from suyuan.schemas.container import container_rows, join_containers, read_header
from suyuan.sinks.tables import Target


class Span(NamedTuple):
    """Offsets `first` to `last`, both included, of one partition."""

    partition: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FormerBlock:
    """A block as it was written before, an Avro container. `layout`: only blocks of the same one go together."""

    layout: bytes
    rows: int
    value: bytes

    @property
    def size(self) -> int:
        """Bytes in the log."""
        return len(self.value)


ReadBlock = WrittenBlock | FormerBlock


@dataclass(frozen=True, slots=True)
class Batch:
    """`data`: the rows as an Arrow IPC stream, of no bytes where there are none. `sums`: rows, bytes and CRC-32 of what
    stands in the log. `repeated`: an intent to insert it was committed before, by a process that may have ended before
    or after that insert. `block`: what the rows are, where a former version wrote them and said more.
    """

    target: Target
    spans: tuple[Span, ...]
    data: bytes
    rows: int
    sums: str
    repeated: bool = False
    block: str | None = None

    @classmethod
    def of(cls, target: Target, spans: Iterable[Span], blocks: Sequence[ReadBlock], *, repeated: bool = False) -> Batch:
        """A batch of the blocks of these spans. Raises BlockError, BadContainer or BadStream for damaged blocks, or
        blocks of different layouts.
        """
        formers = [block for block in blocks if isinstance(block, FormerBlock)]
        written = [block for block in blocks if isinstance(block, WrittenBlock)]
        if formers and written:
            raise BlockError("blocks of this version and of former ones")
        if formers:
            name, data, rows, sums = _former(target, formers)
            return cls(target, tuple(spans), data, rows, sums, repeated, name)
        rows, size = sum(block.rows for block in written), sum(block.size for block in written)
        crc = zlib.crc32(b"".join(block.crc.to_bytes(4, "little") for block in written))
        data = joined([block.stream for block in written]) if written else b""
        return cls(target, tuple(spans), data, rows, f"{rows}:{size}:{crc:08x}", repeated)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its rows."""
        return self.target.columns if self.block is None else tuple(block_schema(self.block))

    @property
    def token(self) -> str:
        """target:topic:partition/first-last,...:rows:bytes:crc32. ClickHouse drops what is inserted again under the
        same token without a look at its rows, hence the sums, made of the blocks' own.
        """
        ranges = ",".join(f"{span.partition}/{span.first}-{span.last}" for span in self.spans)
        return f"{self.target.name}:{self.target.topic}:{ranges}:{self.sums}"

    @property
    def intent(self) -> dict[TopicPartition, tuple[int, str]]:
        """What to commit before the insert, by partition: still the first offset, and the note with the spans."""
        note = json.dumps({"inserting": self.spans}, separators=(",", ":"))
        return {(self.target.topic, span.partition): (span.first, note) for span in self.spans}

    @property
    def committed(self) -> dict[TopicPartition, tuple[int, str]]:
        """What to commit after the insert, by partition: the offset behind the last, and no note."""
        return {(self.target.topic, span.partition): (span.last + 1, "") for span in self.spans}


def intended_spans(note: str) -> tuple[Span, ...]:
    """The spans that a committed note intends to insert; none for an empty text."""
    if not note:
        return ()
    return tuple(Span(*map(int, span)) for span in json.loads(note)["inserting"])


def read_for_batch(value: bytes) -> ReadBlock:
    """A message of a topic, looked through. Raises BlockError, or BadContainer for a former block, that is damaged."""
    if is_former(value):
        return FormerBlock(read_header(value).metadata["avro.schema"], container_rows(value), value)
    return read_block(value)


def _former(target: Target, blocks: Sequence[FormerBlock]) -> tuple[str, bytes, int, str]:
    """(block, data, rows, sums). The sums are those that a former version made: what it inserted before it ended is
    repeated under its token.
    """
    container = join_containers([block.value for block in blocks])
    rows = container_rows(container)
    name = target.block
    said = {field["name"] for field in read_header(container).schema["fields"]}
    if name in FORMER_BLOCKS and not said <= {*block_schema(name)}:
        name = FORMER_BLOCKS[name]
    frame = decode_block(container, name)
    if len(frame) != rows:
        raise BlockError(f"{len(frame)} of {rows} rows are readable")
    written = read_block(encode_block(name, frame))
    return name, joined([written.stream]), rows, f"{rows}:{len(container)}:{zlib.crc32(container):08x}"
