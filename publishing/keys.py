"""Business keys and ids of events: what intake compares, computed by the same functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from suyuan.domain.content import ENVELOPE, contents, digests, event_ids
from suyuan.domain.evidence import evidence_expr
from suyuan.domain.normalisation import normalise
from suyuan.schemas.kinds import EVENT_KINDS, business_key_expr, event_schema


def business_keys(kind: str, events: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The business key of each event of one kind, which chooses the partition. `events`: as `checked` returns them."""
    needed, others = _columns(kind)
    rows = _rows(events, needed).with_columns(pl.lit(None, dtype).alias(name) for name, dtype in others.items())
    return _keys(kind, normalise(EVENT_KINDS[kind], rows))


@dataclass(frozen=True, slots=True)
class Identities:
    """What names events of one kind, one after the other. `keys`: business keys; `ids`: 16 bytes that tell an event
    from every other one and its versions; `digests`: of what they say; `rows`: their fields in normal form.
    """

    kind: str
    keys: list[bytes]
    ids: list[bytes]
    digests: list[str]
    rows: pl.DataFrame

    def refs(self) -> list[str]:
        """Evidence ids, by which each can be asked for once the tables have it."""
        named = self.rows.select(*ENVELOPE).with_columns(digest=pl.Series(self.digests, dtype=pl.String))
        return named.select(evidence_expr(self.kind)).to_series().to_list()

    def names(self) -> list[tuple[str, str, str]]:
        """(publisher, event_id, digest) in normal form, as the tables have them."""
        return list(zip(self.rows["publisher"].to_list(), self.rows["event_id"].to_list(), self.digests, strict=True))


def identities(kind: str, events: Sequence[Mapping[str, Any]]) -> Identities:
    """What names events of one kind. `events`: as `checked` returns them."""
    schema = event_schema(kind)
    rows = normalise(EVENT_KINDS[kind], _rows(events, {field.name: field.dtype for field in schema.fields}))
    said = digests(contents(rows, [field.name for field in schema.fields]))
    return Identities(kind, _keys(kind, rows), event_ids(kind, rows, said), said.to_list(), rows)


def keys_and_ids(kind: str, events: Sequence[Mapping[str, Any]]) -> tuple[list[bytes], list[bytes]]:
    """`keys` and `ids` of their identities."""
    named = identities(kind, events)
    return named.keys, named.ids


def _keys(kind: str, rows: pl.DataFrame) -> list[bytes]:
    return [key.encode() for key in rows.select(business_key_expr(kind)).to_series()]


def _rows(events: Iterable[Mapping[str, Any]], columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(name, [event.get(name) for event in events], dtype) for name, dtype in columns.items()]
    )


@cache
def _columns(kind: str) -> tuple[dict[str, pl.DataType], dict[str, pl.DataType]]:
    """(columns that keys are made of, all others)."""
    schema = event_schema(kind)
    dtypes = {field.name: field.dtype for field in schema.fields}
    needed = {name: dtypes[name] for name in (*ENVELOPE, *schema.business_key)}
    return needed, {name: dtype for name, dtype in dtypes.items() if name not in needed}
