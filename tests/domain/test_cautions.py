"""What is told of events that count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.cautions import cautions
from suyuan.domain.identifiers.gtin import is_restricted, normalise_gtin
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.domain.identifiers.spoilt import damage
from suyuan.schemas.kinds import EVENT_KINDS
from tests.domain.test_acceptance import event


@pytest.mark.parametrize(
    ("kind", "other", "says"),
    [
        ("listing", {"producer_code": "9.13301E+17"}, "rounded number, as it seems: export the column as text"),
        ("listing", {"seller_code": "９１3301060000000000"}, "rounded it to 15 digits"),
        ("licence", {"holder_code": "913301060000000000"}, "rounded it to 15 digits"),
        ("listing", {"gtin": "6.90338E+12"}, "rounded number"),
        ("listing", {"gtin": "6903379001194.0"}, "decimal part"),
        ("listing", {"lot": '="H1"'}, "formula, as it seems: write the number alone"),
        ("listing", {"licence_no": "'SC10033"}, "apostrophe"),
        ("listing", {"gtin": "2100000001231"}, "names no product"),
        ("product", {"gtin": "２100000001231"}, "names no product"),
    ],
)
def test_a_cell_that_looks_spoilt_is_told(kind, other, says):
    (found,) = cautions(EVENT_KINDS[kind], event(kind, **other))
    assert {found.field: found.value} == other
    assert says in found.reason


def test_other_cells_are_not():
    assert cautions(EVENT_KINDS["listing"], event("listing", lot="2026E1", gtin="6903379001194", licence_no=None)) == ()
    assert cautions(EVENT_KINDS["listing"], event("listing", producer_code="某厂", title="9.13301E+17")) == ()
    assert cautions(EVENT_KINDS["complaint"], event("complaint", subject_code="913301060000000000")) == ()


@given(
    st.text(st.sampled_from("0129AEe.+=#'-Ｅ０ \t"), max_size=20)
    | st.from_regex(r"[1-9][0-9]{14}0{2,3}", fullmatch=True)
)
def test_every_text_is_looked_at_whatever_is_passed_over_first(text):
    spoilt, gtin = damage(code_form(text) or "") is not None, normalise_gtin(text)[0]
    assert bool(cautions(EVENT_KINDS["listing"], {"lot": text})) == spoilt
    restricted = gtin is not None and is_restricted(gtin)
    assert bool(cautions(EVENT_KINDS["product"], {"gtin": text})) == (spoilt or restricted)
