"""A platform is told of every gap what would mend it."""

from __future__ import annotations

import re

import pytest

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.chain.mending import mendings
from suyuan.schemas.kinds import event_schema

LISTING = {field.name for field in event_schema("listing").fields}
HAN = re.compile("[\u4e00-\u9fff]")


def test_there_is_a_text_for_every_gap_and_for_nothing_else():
    assert list(mendings()) == [gap.gap for gap in GAPS]


@pytest.mark.parametrize("gap", [gap.gap for gap in GAPS])
def test_it_says_in_both_languages_what_to_do_and_what_proves_it(gap):
    told = mendings()[gap]
    for text in (told.how("zh"), told.proof("zh")):
        assert HAN.search(text)
        assert text.endswith("。")
    for text in (told.how("en"), told.proof("en")):
        assert not HAN.search(text)
        assert text.endswith(".")
    assert set(told.fields) <= LISTING


def test_what_only_others_can_mend_names_no_field():
    assert mendings()["lot_undeclared"].fields == ("lot",)
    assert mendings()["uninspected"].fields == ()
