from __future__ import annotations

import hashlib
import hmac
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.privacy.pseudonym import Pseudonyms, identity_form, is_pseudonym

KEY = b"a key of thirty-two bytes or more"
MADE = Pseudonyms(KEY)
names = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Nd")), max_size=12)


def test_it_is_hmac_sha_256_of_the_normal_form():
    expected = hmac.new(KEY, "张三".encode(), hashlib.sha256).hexdigest()
    assert MADE.of(" 张\u3000三") == f"p{expected[:32]}"


ALIKE = [
    ("张三", " 张 三 ", "张\u3000三\n", "张\u200b三", "\ufeff张三"),
    ("Zhang San", "ZHANG SAN", "Ｚｈａｎｇ\u00a0San", "zhangsan"),
    ("阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉・买买提"),
    ("13912345678", "139 1234 5678", "139-1234-5678", "+86 13912345678", "(+86)139-1234-5678", "0086 139.1234.5678"),
    ("0571-87654321", "(0571) 8765 4321", "057187654321"),
    ("11010519491231002X", "110105 19491231 002x"),
    ("张三 13912345678", "张三139-1234-5678"),
]


@pytest.mark.parametrize("spellings", ALIKE)
def test_one_person_spelt_in_several_ways_has_one_pseudonym(spellings):
    assert len({MADE.of(each) for each in spellings}) == 1


def test_others_have_others():
    assert len({MADE.of(spellings[0]) for spellings in ALIKE}) == len(ALIKE)
    assert MADE.of("张三") != Pseudonyms(KEY + b"!").of("张三")


@given(names)
def test_what_comes_out_is_a_pseudonym_and_stays_one(name):
    made = MADE.of(name)
    if identity_form(name) is None:
        assert made is None
        return
    assert is_pseudonym(made)
    assert MADE.of(made) == made
    assert MADE.of(f" {made.upper()} ") == made
    assert MADE.of(unicodedata.normalize("NFKC", name)) == made


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_the_normal_form_is_its_own(text):
    plain = identity_form(text)
    assert plain is None or identity_form(plain) == plain


@pytest.mark.parametrize("text", ["", " ", "\u200b", "无", "N/A", "/", "——"])
def test_nobody_has_none(text):
    assert MADE.of(text) is None


def test_the_key_is_shown_to_nobody():
    assert KEY.decode() not in repr(MADE)
    assert not hasattr(MADE, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(MADE)
    with pytest.raises(ValueError, match="less than 32 bytes") as caught:
        Pseudonyms(b"short secret")
    assert "secret" not in str(caught.value)
