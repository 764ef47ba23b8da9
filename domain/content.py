"""The content of an event as one text: by it duplicates are told from versions, and versions of one moment put in
order.

The content is every field but `event_id` and `publisher` in normal form, as JSON in UTF-8: keys sorted, no blanks,
absent and null fields left out (nested ones too), no escapes but JSON's own, dates as ISO days, times in ms. Its digest
is the first DIGEST_CHARACTERS hex digits of its SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any

import polars as pl
import polars_hash as plh

from suyuan.domain.keys import join_key

ENVELOPE = ("event_id", "publisher")
"""what names an event and is no part of what it says"""
DIGEST_CHARACTERS = 16
ID_BYTES = 16
NAME_BYTES = 8
"""of an id: those that tell kind, publisher and event_id; the rest tells the content"""
_DIGEST = plh.col("content").chash.sha2_256().str.head(DIGEST_CHARACTERS).alias("digest")


def content(fields: Mapping[str, Any]) -> str:
    """The content of one event. `fields`: in normal form; those of the envelope are left out."""
    said = {name: value for name, value in fields.items() if name not in ENVELOPE}
    return json.dumps(_present(said), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def digest(text: str) -> str:
    """The digest of a content."""
    return sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def contents(rows: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """The content of each row, as text. `rows`: columns `names`, the fields of the kind, in normal form.

    JSON is made by column. Columns of nulls alone are no part of it, and where some rows have none their nulls are
    taken out of the text: within a text every quotation mark has a backslash before it, so what looks like a key with
    null behind it is one.
    """
    columns = [rows[name] for name in sorted({*names}.difference(ENVELOPE))]
    absent = {column.name: _absent(column) for column in columns}
    said = [column for column in columns if absent[column.name] < rows.height] or columns
    if not any(_holds_records(column.dtype) for column in said):  # their fields are called like the others
        columns = [column for column in said if absent[column.name]]
    encoded = _expression(
        tuple((column.name, column.dtype) for column in said), frozenset(column.name for column in columns)
    )
    return rows.select(content=encoded).to_series()


def digests(texts: pl.Series) -> pl.Series:
    """The digest of each content, by column and without the GIL."""
    return texts.to_frame("content").select(_DIGEST).to_series()


def event_ids(kind: str, rows: pl.DataFrame, digests: pl.Series) -> list[bytes]:
    """ID_BYTES that tell each event, version by version: equal where publisher, kind, event_id and content (so the
    business key too) are. `rows`: publisher, event_id.
    """
    return event_ids_in_hex(kind, rows, digests).str.decode("hex").to_list()


def event_ids_in_hex(kind: str, rows: pl.DataFrame, digests: pl.Series) -> pl.Series:
    """The same as texts."""
    names = rows.select(pl.concat_str(pl.lit(kind), *ENVELOPE, separator=join_key("", "")).cast(pl.Binary))
    named = [blake2b(name, digest_size=NAME_BYTES).hexdigest() for name in names.to_series().to_list()]
    return pl.Series("id", named, dtype=pl.String) + digests


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(inner) for name, inner in value.items() if inner is not None}
    return [_present(item) for item in value] if isinstance(value, (list, tuple)) else value


def _absent(column: pl.Series) -> int:
    """How many rows say nothing. seller_code is the one that must be there and is taken without."""
    nothing = column.null_count()
    return nothing + int((column == "").sum()) if column.name == "seller_code" else nothing


def _holds_records(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct)


@lru_cache(256)
def _expression(columns: tuple[tuple[str, pl.DataType], ...], partly: frozenset[str]) -> pl.Expr:
    """JSON of the columns without nulls. `partly`: those that some rows have no value of."""
    text = pl.struct(_sorted(name, dtype) for name, dtype in columns).struct.json_encode()
    nulls = [f'"{name}":null,' for name in sorted(partly)]
    if nulls:
        text = text.str.replace_many(nulls, [""] * len(nulls))
    last, _ = columns[-1]
    return text.str.replace_many([f',"{last}":null}}'], ["}"]) if last in partly else text


def _sorted(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        inner = sorted(field.name for field in dtype.inner.fields)
        return pl.col(name).list.eval(pl.struct(pl.element().struct.field(each) for each in inner))
    return pl.when(pl.col(name) != "").then(name) if name == "seller_code" else pl.col(name)
