"""The content of an event as one text: by it duplicates are told from versions, and versions of one moment put in
order.

The content is every field but `event_id` and `publisher` in normal form, as JSON in UTF-8: keys sorted, no blanks,
absent and null fields left out (nested ones too), no escapes but JSON's own, dates as ISO days, times in ms. Its digest
is the first DIGEST_CHARACTERS hex digits of its SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b, sha256
from typing import Any

import polars as pl

from suyuan.domain.keys import join_key

ENVELOPE = ("event_id", "publisher")
"""what names an event and is no part of what it says"""
DIGEST_CHARACTERS = 16
ID_BYTES = 16
NAME_BYTES = 8
"""of an id: those that tell kind, publisher and event_id; the rest tells the content"""


def content(fields: Mapping[str, Any]) -> str:
    """The content of one event. `fields`: in normal form; those of the envelope are left out."""
    said = {name: value for name, value in fields.items() if name not in ENVELOPE}
    return json.dumps(_present(said), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def digest(text: str) -> str:
    """The digest of a content."""
    return sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def contents(rows: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """The content of each row, as text. `rows`: columns `names`, the fields of the kind, in normal form.

    JSON is made by column, and nulls are taken out of it: within a text every quotation mark has a backslash before it,
    so what looks like a key with null behind it is one. Of 200,000 listings of 400 bytes, on a busy machine: 2.0 us
    each, the digest 2.7, the id 1.0; content and digest of one at a time 21.
    """
    encoded, last = _encoded(tuple(sorted({*names}.difference(ENVELOPE))), rows.schema)
    return rows.select(content=encoded.str.replace_many([last], ["}"])).to_series()


def digests(texts: pl.Series) -> list[str]:
    """The digest of each content."""
    return [sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS] for text in texts.to_list()]


def event_ids(kind: str, rows: pl.DataFrame, digests: Sequence[str]) -> list[bytes]:
    """ID_BYTES that tell each event, version by version: equal where publisher, kind, event_id and content (so the
    business key too) are. `rows`: publisher, event_id.
    """
    names = rows.select(pl.concat_str(pl.lit(kind), *ENVELOPE, separator=join_key("", ""))).to_series().to_list()
    return [
        blake2b(name.encode(), digest_size=NAME_BYTES).digest() + bytes.fromhex(digest)
        for name, digest in zip(names, digests, strict=True)
    ]


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(inner) for name, inner in value.items() if inner is not None}
    return [_present(item) for item in value] if isinstance(value, (list, tuple)) else value


def _encoded(names: tuple[str, ...], schema: pl.Schema) -> tuple[pl.Expr, str]:
    return _expression(names, tuple(schema[name] for name in names)), f',"{names[-1]}":null}}'


@cache
def _expression(names: tuple[str, ...], dtypes: tuple[pl.DataType, ...]) -> pl.Expr:
    text = pl.struct(_sorted(name, dtype) for name, dtype in zip(names, dtypes, strict=True)).struct.json_encode()
    nulls = [f'"{name}":null,' for name in names]
    return text.str.replace_many(nulls, [""] * len(nulls))


def _sorted(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        inner = sorted(field.name for field in dtype.inner.fields)
        return pl.col(name).list.eval(pl.struct(pl.element().struct.field(each) for each in inner))
    if name == "seller_code":  # the one that must be there and is taken without
        return pl.when(pl.col(name) != "").then(name)
    return pl.col(name)
