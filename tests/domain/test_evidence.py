"""Evidence ids: one event, one id, and back."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.evidence import evidence_expr, evidence_id, evidence_parts

PARTS = st.text(st.one_of(st.sampled_from("/%~2FE5A1"), st.characters(exclude_categories=("Cs",))), max_size=8)


@given(one=st.tuples(PARTS, PARTS), other=st.tuples(PARTS, PARTS))
def test_an_id_names_one_event_and_leads_back_to_it(one, other):
    assert (evidence_id(*one) == evidence_id(*other)) == (one == other)
    assert evidence_parts(evidence_id(*one)) == one
    rows = pl.DataFrame({"publisher": [one[0]], "event_id": [one[1]]})
    assert rows.select(evidence_expr()).item() == evidence_id(*one)


def test_an_id_of_plain_characters_stands_as_it_did_before_there_was_an_encoding():
    assert evidence_id("91330106MABQWU0B72", "E-1_2.3:贰 #") == "91330106MABQWU0B72/E-1_2.3:贰 #"


def test_ids_that_were_written_before_are_understood():
    assert evidence_parts("P/2026/1") == ("P", "2026/1")
    assert evidence_parts("P/100%") == ("P", "100%")
    assert evidence_parts("no slash") is None
