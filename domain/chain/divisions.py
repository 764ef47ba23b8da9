"""The administrative division that a party belongs to."""

from __future__ import annotations

import re

import polars as pl

_SHAPE = r"^[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$"


def registering_division(code: str) -> str | None:
    """What `division_of` says of a code alone."""
    return code[2:8] if re.search(_SHAPE, code) else None


def division_of(code: pl.Expr, recorded: pl.Expr | None = None) -> pl.Expr:
    """Expression for the division of the entity record, else for digits 3-8 of the credit code (GB 32100-2015: the
    division of the registering authority); null for what does not have the form of a credit code. Old divisions are not
    mapped to their successors here.
    """
    shaped = code.str.contains(_SHAPE)
    registering = pl.when(shaped).then(code.str.slice(2, 6))
    return registering if recorded is None else pl.coalesce(recorded, registering)
