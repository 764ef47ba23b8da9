"""Identifiers of events as the rest of the system compares them: one table of which field is what, and its columns.

Codes are upper-cased and trimmed (GB 32100-2015 text forms), GTINs padded to 14 digits where valid, texts trimmed;
what is empty after that is absent.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from suyuan.domain.identifiers.gtin import gtin_columns
from suyuan.domain.identifiers.uscc import code_forms


@dataclass(frozen=True, slots=True)
class Identifying:
    """Which fields of a kind are credit codes, GTINs, and texts compared after trimming; which of them may be absent
    (what is empty becomes null there, and stays the empty text elsewhere).
    """

    codes: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


IDENTIFYING: dict[str, Identifying] = {
    "listing": Identifying(
        ("platform_code", "seller_code", "producer_code"),
        ("gtin",),
        ("listing_id", "lot", "licence_no"),
        optional=("producer_code", "gtin", "lot", "licence_no"),
    ),
    "entity": Identifying(("code",)),
    "licence": Identifying(("holder_code",), (), ("licence_no",)),
    "product": Identifying(("producer_code",), ("gtin",)),
    "lot": Identifying(("producer_code",), ("gtin",), ("lot",)),
    "shipment": Identifying(
        ("producer_code", "from_code", "to_code"), ("gtin",), ("shipment_id", "lot", "line"), optional=("line",)
    ),
    "inspection": Identifying(("agency_code", "producer_code"), ("gtin",), ("report_no", "lot"), ("lot",)),
    "recall": Identifying(("producer_code",), ("gtin",), ("recall_no",)),
    "complaint": Identifying(
        ("platform_code", "subject_code"),
        (),
        ("complaint_no", "listing_id"),
        optional=("platform_code", "subject_code", "listing_id"),
    ),
    "penalty": Identifying(("subject_code",), (), ("division", "decision_no")),
    "day": Identifying(),
}


def normalise(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with their identifiers in normal form; for listings also `gtin_valid` (null without a GTIN)."""
    fields = IDENTIFYING[kind]
    forms = dict(zip(codes := (*fields.codes, "publisher"), code_forms(rows, codes), strict=True))
    forms |= {name: _trim(pl.col(name)) for name in fields.texts}
    forms["event_id"] = _trim(pl.col("event_id"), r"[\p{Cc}\p{Cf}]")
    if "licence_no" in rows.columns:
        forms["licence_no"] = _licence_no(forms.get("licence_no", pl.col("licence_no")))
    for name in fields.gtins:
        text, valid = gtin_columns(rows[name])
        forms[name] = pl.lit(text)
        if kind == "listing":
            forms["gtin_valid"] = pl.lit(valid)
    if kind == "lot":
        forms["inputs"] = pl.lit(_inputs(rows["inputs"]))
    if kind == "recall":
        forms["lots"] = pl.col("lots").list.eval(_trim(pl.element()).fill_null(""))
    required = {*codes, *fields.texts, *fields.gtins, "event_id"} - {*fields.optional}
    return rows.with_columns(**{name: form.fill_null("") if name in required else form for name, form in forms.items()})


def _trim(text: pl.Expr, unseen: str = r"[\x00-\x1f\x7f]") -> pl.Expr:
    bare = text.str.replace_all(unseen, "").str.strip_chars()
    return pl.when(bare != "").then(bare)


def _licence_no(text: pl.Expr) -> pl.Expr:
    """Food licences are SC and digits whatever the case typed; other schemes are free text."""
    return pl.when(text.str.contains(r"^(?i)sc\d{14}$")).then(text.str.to_uppercase()).otherwise(text)


def _inputs(inputs: pl.Series) -> pl.Series:
    """A lot's inputs, list of {producer_code, gtin, lot, quantity}, each named in normal form."""
    flat = inputs.to_frame("inputs").with_row_index("row").explode("inputs").drop_nulls("inputs").unnest("inputs")
    if flat.is_empty():
        return inputs
    (code,), (gtin, _) = code_forms(flat, ["producer_code"]), gtin_columns(flat["gtin"])
    named = flat.with_columns(
        form.fill_null("") for form in (code, pl.lit(gtin).alias("gtin"), _trim(pl.col("lot")).alias("lot"))
    )
    packed = named.group_by("row", maintain_order=True).agg(inputs=pl.struct(pl.exclude("row")))
    rows = pl.DataFrame({"row": pl.int_range(len(inputs), dtype=pl.get_index_type(), eager=True)})
    joined = rows.join(packed, on="row", how="left", maintain_order="left")
    return joined.select(pl.col("inputs").cast(inputs.dtype).fill_null(pl.lit([], dtype=inputs.dtype))).to_series()
