"""Facts are stored as JSON, and read back as columns."""

from __future__ import annotations

import datetime as dt
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import polars as pl
from polars.datatypes import DataTypeClass

_SCALARS: dict[type, DataTypeClass] = {
    str: pl.String,
    int: pl.Int64,
    bool: pl.Boolean,
    dt.date: pl.String,  # ISO text in JSON; whoever compares days casts
}
_LARGEST = (1 << 63) - 1


def storable(total: int) -> int:
    """A sum, limited to what an Int64 column can hold: a greater one would be read as absent."""
    return min(total, _LARGEST)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A struct with a JSON form and a polars dtype that reads it: `series.str.json_decode(T.DTYPE)`."""

    DTYPE: ClassVar[pl.Struct]

    def to_json(self) -> bytes:
        """JSON whose keys are those of DTYPE; dates as ISO text, absent values as null."""
        return msgspec.json.encode(self)


StoredType = TypeVar("StoredType", bound=type[Stored])


def stored(cls: StoredType) -> StoredType:
    """Class decorator: sets DTYPE from the annotations, so that the two forms cannot drift apart."""
    cls.DTYPE = _struct_dtype(cls)
    return cls


def _struct_dtype(cls: type[Stored]) -> pl.Struct:
    hints = get_type_hints(cls)
    return pl.Struct({name: _dtype(hints[name]) for name in cls.__struct_fields__})


def _dtype(hint: Any) -> pl.DataType | DataTypeClass:
    if get_origin(hint) is UnionType:
        (hint,) = [arm for arm in get_args(hint) if arm is not NoneType]
    if get_origin(hint) is tuple:
        return pl.List(_dtype(get_args(hint)[0]))
    if issubclass(hint, Stored):
        return _struct_dtype(hint)
    return _SCALARS[hint]
