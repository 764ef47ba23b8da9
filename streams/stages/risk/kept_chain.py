"""The chain that is kept of a listing: what rules ask about, what an alert shows and what it rests on.

Chains are kept by column, all of a block at once, and read one by one: of most listings nothing is ever read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORT = {
    "verdict": "v", "title": "t", "category": "c", "seller_code": "sc", "producer_code": "pc", "gtin": "g", "lot": "b",
    "price_fen": "f", "sold_30d": "d", "listed_at": "o", "listing_event": "e", "gap_names": "gn", "gaps": "gs",
    "seller_status": "ss", "producer_status": "ps", "seller_division": "sd", "producer_division": "pd",
    "seller_penalties": "sp", "recall_level": "rl",
}  # fmt: skip
"""Names in the text: half of it would be the full ones. Never given to another column: old texts are read too."""

VERSION_BYTES = 16
"""revision and assessment, as bytes that order as the pair does"""
_HEAD = np.dtype([("version", ">i8", 2), ("end", "u1")])
_NEWLINE = ord("\n")
_PREFIX = f"listing{SEPARATOR}"
_KEY = pl.concat_str([pl.lit("listing"), "platform_code", "listing_id"], separator=SEPARATOR).cast(pl.Binary)
_TEXT = pl.struct(pl.col(name).alias(short) for name, short in _SHORT.items()).struct.json_encode().cast(pl.Binary)


class Gap(msgspec.Struct, frozen=True):
    """A gap of a chain, as the block schema `chain` has it, without its detail."""

    gap: str
    class_: str | None = msgspec.field(name="class")
    subject: str | None
    evidence: list[str | None] | None


class Chain(msgspec.Struct, rename=_SHORT, gc=False):
    """What a kept text says of a chain row, under the names of the block schema `chain`. `gaps_text`: its gaps, as they
    are kept; where nothing but the listing differs they are the same text.
    """

    verdict: str | None
    title: str | None
    category: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    price_fen: int | None
    sold_30d: int | None
    listed_at: int
    listing_event: str | None
    gap_names: list[str | None] | None
    gaps_text: msgspec.Raw = msgspec.field(name=_SHORT["gaps"])
    seller_status: str | None
    producer_status: str | None
    seller_division: str | None
    producer_division: str | None
    seller_penalties: int | None
    recall_level: int | None


_COLUMNS = {name: dtype for name, dtype in block_schema("chain").items() if name in _SHORT and name != "gaps"}
_FORMER_TEXT = b'{"platform_code":'
_decode = msgspec.json.Decoder(Chain).decode
read_gaps = msgspec.json.Decoder(list[Gap] | None).decode
"""the gaps of a chain's `gaps_text`"""


def key_of(listing_key: str) -> bytes:
    """State key of platform_code, listing_id joined by U+001F."""
    return (_PREFIX + listing_key).encode()


def keep(rows: pl.DataFrame) -> tuple[list[bytes], list[bytes]]:
    """State keys and values of chains (columns of the block schema `chain`) of listings about which nothing was
    said.
    """
    made = rows.select("revision", "assessment", _KEY.alias("key"), _TEXT.alias("text"))
    heads = np.empty(len(made), _HEAD)
    heads["version"][:, 0] = made.get_column("revision").to_numpy()
    heads["version"][:, 1] = made.get_column("assessment").to_numpy()
    heads["end"] = _NEWLINE
    head, width = heads.tobytes(), _HEAD.itemsize
    texts = made.get_column("text").to_list()
    values = [head[at : at + width] + text for at, text in zip(range(0, len(head), width), texts, strict=True)]
    return made.get_column("key").to_list(), values


def read_chain(text: bytes) -> Chain:
    """The chain of a kept text, also of a former version."""
    return _decode_former(text) if text.startswith(_FORMER_TEXT) else _decode(text)


def chain_frame(keys: Sequence[bytes], versions: Sequence[bytes], chains: Sequence[Chain]) -> pl.DataFrame:
    """Chains as a frame with the columns of the block schema `chain` that are kept, but for `gaps`. They lie under
    `keys`, and have these versions.
    """
    columns = {name: [getattr(chain, name) for chain in chains] for name in _COLUMNS}
    named = [key.decode().split(SEPARATOR) for key in keys]
    version = np.frombuffer(b"".join(versions), _HEAD["version"]).astype(np.int64)
    return pl.DataFrame(columns, schema=_COLUMNS).with_columns(
        pl.Series("platform_code", [platform for _, platform, _ in named]),
        pl.Series("listing_id", [listing for _, _, listing in named]),
        pl.Series("revision", version[:, 0]),
        pl.Series("assessment", version[:, 1]),
    )


def _decode_former(text: bytes) -> Chain:
    """Text of a former version: with the columns' own names."""
    named = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return _decode(msgspec.json.encode({_SHORT[name]: value for name, value in named.items() if name in _SHORT}))
