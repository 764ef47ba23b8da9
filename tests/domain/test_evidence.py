"""Evidence ids: one version of an event, one id, and back."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.evidence import evidence_expr, evidence_id, evidence_parts

PARTS = st.text(st.one_of(st.sampled_from("/%~2FE5A1 \u3000"), st.characters(exclude_categories=("Cs",))), max_size=8)
DIGESTS = st.text("0123456789abcdef", min_size=16, max_size=16)
EVENTS = st.tuples(st.sampled_from(["lot", "recall"]), PARTS, PARTS, DIGESTS)


@given(one=EVENTS, other=EVENTS)
def test_an_id_names_one_version_of_an_event_and_leads_back_to_it(one, other):
    *event, digest = one
    named = evidence_id(*one)
    assert (named == evidence_id(*other)) == ((*event, digest[:8]) == (*other[:3], other[3][:8]))
    assert evidence_parts(named) == (*event, digest[:8])
    assert evidence_parts(named.partition("~")[0]) == (*event, "")
    assert not {" ", "\u3000", "\u00a0"} & set(named)
    rows = pl.DataFrame({"publisher": [one[1]], "event_id": [one[2]], "digest": [digest]})
    assert rows.select(evidence_expr(one[0])).item() == named


def test_what_it_looks_like():
    named = evidence_id("lot", "91330106MABQWU0B72", "E-1_2.3:贰 #/%", "0123456789abcdef")
    assert named == "lot/91330106MABQWU0B72/E-1_2.3:贰%20#%2F%25~01234567"


def test_what_is_less_than_an_id():
    assert evidence_parts("P/2026") == (None, "P", "2026", "")
    assert evidence_parts("lot/P/100%") == ("lot", "P", "100%", "")
    assert evidence_parts("no slash") is None
    assert evidence_parts("a/b/c/d") is None
