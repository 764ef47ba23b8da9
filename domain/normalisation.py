"""Identifiers of events as the rest of the system compares them: one table of which field is what, and its columns.

What normal form is: `identifiers/normal_form.py`. What is absent in it becomes null where it may be absent, and stays
the empty text elsewhere (`acceptance.py` refuses it, but for a listing's seller_code).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from suyuan.domain.identifiers.gtin import gtin_columns, gtin_form
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
from suyuan.domain.identifiers.normal_form_columns import code_forms, number_forms, text_expr, text_forms

_EVERY_CODE = ("publisher",)
_EVERY_NUMBER = ("event_id",)


@dataclass(frozen=True)
class Identifying:
    """Which fields of a kind are codes (licence numbers have the same form), GTINs, texts compared in normal form (lots
    and categories), other numbers; which are lists of such texts; which of them may be absent.
    """

    codes: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Those that must be there, the event's own first."""
        named = (*_EVERY_NUMBER, *_EVERY_CODE, *self.codes, *self.gtins, *self.texts, *self.numbers)
        return tuple(name for name in named if name not in self.optional)

    @cached_property
    def forms(self) -> dict[str, Callable[[str | None], str | None]]:
        """Field → its normal form, one text at a time."""
        return {
            **dict.fromkeys((*_EVERY_NUMBER, *self.numbers), number_form),
            **dict.fromkeys((*_EVERY_CODE, *self.codes), code_form),
            **dict.fromkeys(self.gtins, gtin_form),
            **dict.fromkeys(self.texts, text_form),
        }


IDENTIFYING: dict[str, Identifying] = {
    "listing": Identifying(
        ("platform_code", "seller_code", "producer_code", "licence_no"),
        ("gtin",),
        ("category", "lot"),
        ("listing_id",),
        optional=("producer_code", "gtin", "lot", "licence_no"),
    ),
    "entity": Identifying(("code",), numbers=("division",), optional=("division",)),
    "licence": Identifying(("licence_no", "holder_code"), lists=("categories",)),
    "product": Identifying(("producer_code",), ("gtin",), ("category",)),
    "lot": Identifying(("producer_code",), ("gtin",), ("lot",)),
    "shipment": Identifying(
        ("from_code", "producer_code", "to_code"), ("gtin",), ("lot",), ("shipment_id", "line"), optional=("line",)
    ),
    "inspection": Identifying(("agency_code", "producer_code"), ("gtin",), ("lot",), ("report_no",), optional=("lot",)),
    "recall": Identifying(("producer_code",), ("gtin",), (), ("recall_no",), lists=("lots",)),
    "complaint": Identifying(
        ("platform_code", "subject_code"),
        (),
        ("category",),
        ("complaint_no", "listing_id"),
        optional=("platform_code", "subject_code", "listing_id"),
    ),
    "penalty": Identifying(("subject_code",), numbers=("division", "decision_no")),
    "day": Identifying(),
}


def normalise(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with their identifiers in normal form; with a GTIN also `gtin_valid` (null where absent)."""
    fields = IDENTIFYING[kind]
    columns = {name: code_forms(rows[name]) for name in (*_EVERY_CODE, *fields.codes)}
    columns |= {name: text_forms(rows[name]) for name in fields.texts}
    columns |= {name: number_forms(rows[name]) for name in (*_EVERY_NUMBER, *fields.numbers)}
    for name in fields.gtins:
        columns[name], columns["gtin_valid"] = gtin_columns(rows[name])
    columns |= {name: _lists(rows[name]) for name in fields.lists}
    if kind == "lot":
        columns["inputs"] = _inputs(rows["inputs"])
    required = {name for name in fields.required if columns[name].null_count()}
    return rows.with_columns(
        **{name: column.fill_null("") if name in required else column for name, column in columns.items()}
    )


def normal_event(kind: str, event: Mapping[str, Any]) -> dict[str, str | None]:
    """The identifiers of one event in normal form, without its lists; None: absent."""
    return {name: form(event[name]) for name, form in IDENTIFYING[kind].forms.items()}


def _lists(lists: pl.Series) -> pl.Series:
    """Lists of texts in normal form, without items that stand for nothing."""
    items = lists.explode()
    if text_forms(items) is items:
        return lists
    form = pl.col(lists.name).list.eval(text_expr(pl.element()).drop_nulls())
    return lists.to_frame().select(form).to_series()


def _inputs(inputs: pl.Series) -> pl.Series:
    """A lot's inputs, list of {producer_code, gtin, lot, quantity}, each named in normal form; what names nothing is
    kept as the text that it is, which no lot has.
    """
    flat = inputs.to_frame("inputs").with_row_index("row").explode("inputs").drop_nulls("inputs").unnest("inputs")
    if flat.is_empty():
        return inputs
    forms = [code_forms(flat["producer_code"]), gtin_columns(flat["gtin"])[0], text_forms(flat["lot"])]
    named = flat.with_columns(form.fill_null(flat[form.name]) if form.null_count() else form for form in forms)
    packed = named.group_by("row", maintain_order=True).agg(inputs=pl.struct(pl.exclude("row")))
    rows = pl.DataFrame({"row": pl.int_range(len(inputs), dtype=pl.get_index_type(), eager=True)})
    joined = rows.join(packed, on="row", how="left", maintain_order="left")
    return joined.select(pl.col("inputs").cast(inputs.dtype).fill_null(pl.lit([], dtype=inputs.dtype))).to_series()
