from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suyuan.domain.identifiers.gtin import gtin_columns, gtin_form, is_restricted, normalise_gtin, restricted_expr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("96385074", ("00000096385074", None)),
        ("036000291452", ("00036000291452", None)),
        ("6901234567892", ("06901234567892", None)),
        ("16901234567899", ("16901234567899", None)),
        (" 6901234567892\x1f", ("06901234567892", None)),
        ("6901234567893", (None, "check")),
        ("690123456789", (None, "check")),
        ("69012345678", (None, "length")),
        ("016901234567892", (None, "length")),
        ("690123456789X", (None, "digits")),
        ("６９０１２３４５６７８９２", ("06901234567892", None)),
        ("٠٠٠٠٠٠٠٠", (None, "digits")),
        ("-6901234567892", ("06901234567892", None)),
        ("0000000000000", (None, "zeros")),
        ("00000000", (None, "zeros")),
        (" ", (None, None)),
        (None, (None, None)),
    ],
)
def test_fourteen_digits_or_what_is_wrong(text, expected):
    assert normalise_gtin(text) == expected


def test_the_same_article_written_in_any_length_is_one_gtin():
    assert len({normalise_gtin("0" * zeros + "96385074") for zeros in (0, 4, 5, 6)}) == 1


digits = st.sampled_from([8, 12, 13, 14]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))
written = st.one_of(st.none(), st.text(max_size=15), digits, st.text("0123456789 +-中\x1f٣", max_size=15))


@given(st.lists(written, max_size=12))
@example(["中中12", "+1234567", "é" * 4, "é" * 7, "00000000", "0000000000000"])
def test_columns_say_what_the_single_form_says(texts):
    full, valid = gtin_columns(pl.Series("gtin", texts, dtype=pl.String))
    for text, number, holds in zip(texts, full, valid, strict=True):
        expected, fault = normalise_gtin(text)
        assert number == gtin_form(text)
        assert holds == (None if number is None else fault is None)
        assert fault is not None or number == expected


def test_a_wrong_number_is_kept_as_it_was_written():
    full, valid = gtin_columns(pl.Series("gtin", [" 0690123456789 ", "96385074", None, " "]))
    assert full.to_list() == ["0690123456789", "00000096385074", None, None]
    assert valid.to_list() == [False, True, None, None]
    assert (full.name, full.dtype, valid.dtype) == ("gtin", pl.String, pl.Boolean)


@pytest.mark.parametrize(
    ("gtin", "restricted"),
    [
        ("20012345", True),
        ("00123457", True),
        ("96385074", False),
        ("40123455", False),
        ("2012345678900", True),
        ("2999999999999", True),
        ("0212345678905", True),
        ("0412345678903", True),
        ("0512345678902", True),
        ("0312345678904", False),
        ("0012345678905", False),
        ("9812345678902", True),
        ("9912345678901", True),
        ("9712345678903", False),
        ("6901234567892", False),
        ("6920123456789", False),
        ("012345678905", False),
        ("212345678909", True),
        ("412345678903", True),
        ("512345678902", True),
        ("12012345678907", True),
        ("26901234567896", False),
        ("99801234567896", True),
        ("10000002345671", False),
    ],
)
def test_numbers_for_use_inside_one_company_are_told(gtin, restricted):
    padded = gtin.zfill(14)
    assert is_restricted(padded) is restricted
    column = pl.DataFrame({"gtin": [padded, None]}).select(restricted_expr(pl.col("gtin"))).to_series()
    assert column.to_list() == [restricted, None]
