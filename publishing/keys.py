"""Business keys and identities of events, in normal form: what intake compares, computed by the same
functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import polars as pl

from suyuan.domain.keys import SEPARATOR
from suyuan.domain.normalisation import IDENTIFYING, normalise
from suyuan.schemas.kinds import event_schema

_IDENTITY = ("publisher", "event_id")


def keys_and_ids(kind: str, events: Sequence[Mapping[str, Any]]) -> tuple[list[bytes], list[bytes]]:
    """Of each event of one kind: the business key (it chooses the partition), and 16 bytes that name the
    event.
    """
    needed, others = _columns(kind)
    rows = pl.DataFrame(
        [pl.Series(name, [event.get(name) for event in events], dtype) for name, dtype in needed.items()]
    ).with_columns(pl.lit(None, dtype).alias(name) for name, dtype in others.items())
    rows = normalise(kind, rows)
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in event_schema(kind).business_key]
    texts = rows.select(
        key=pl.concat_str(parts, separator=SEPARATOR), identity=pl.concat_str(_IDENTITY, separator=SEPARATOR)
    )
    keys = [key.encode() for key in texts["key"]]
    return keys, [blake2b(text.encode(), digest_size=16).digest() for text in texts["identity"]]


@cache
def _columns(kind: str) -> tuple[dict[str, pl.DataType], dict[str, pl.DataType]]:
    """(columns that keys are made of, further ones that normal form wants to see)."""
    schema, identifying = event_schema(kind), IDENTIFYING[kind]
    dtypes = {field.name: field.dtype for field in schema.fields}
    needed = {name: dtypes[name] for name in (*_IDENTITY, *schema.business_key)}
    seen = {*identifying.forms, *identifying.lists, "inputs"}
    return needed, {name: dtype for name, dtype in dtypes.items() if name in seen and name not in needed}
