"""Notes beside acts: what is kept of them, and how one is checked against its act."""

from __future__ import annotations

from hashlib import sha256

import pytest

from suyuan.domain.alerts.notes import MOST_CHARACTERS, BadNote, erased, is_of, note_hash, written
from suyuan.domain.privacy.scrub import PHONE
from suyuan.errors import ErrorKind

SALT = bytes(range(16))


def note(text="已电话核实", note_id="n1"):
    return written(text, note_id=note_id, alert_id="5f" * 16, author="oidc:li", at=7, salt=SALT)


def test_what_leads_to_a_person_is_not_kept():
    assert note("店主 13912345678 已核实").text == f"店主 {PHONE} 已核实"


def test_a_note_is_checked_against_the_act_that_names_it():
    kept = note()
    hashed = sha256((SALT.hex() + "已电话核实").encode()).hexdigest()
    assert hashed == note_hash(kept.salt, kept.text)
    assert is_of(kept, "n1", hashed)
    for other in (note("已核实"), note(note_id="n2"), erased("n1", 8)):
        assert not is_of(other, "n1", hashed)
    assert not is_of(kept, "n1", None)


def test_of_an_erased_note_nothing_is_left_but_that_there_was_one():
    gone = erased("n1", 8)
    assert (gone.note_id, gone.erased_at) == ("n1", 8)
    assert {gone.text, gone.salt, gone.author, gone.alert_id, gone.written_at} == {None}


@pytest.mark.parametrize(
    ("text", "says"),
    [(" \n", "says something"), ("字" * (MOST_CHARACTERS + 1), "at most 4,000"), ("\ud800", "no Unicode")],
)
def test_what_is_no_note_is_told(text, says):
    with pytest.raises(BadNote, match=says) as refused:
        note(text)
    assert refused.value.kind is ErrorKind.USAGE
    assert note("字" * MOST_CHARACTERS).text == "字" * MOST_CHARACTERS
