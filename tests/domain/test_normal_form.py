"""Normal form, one at a time and by column: what is the same however it was typed or exported."""

import unicodedata

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from suyuan.domain.identifiers.gtin import gtin_columns, gtin_form
from suyuan.domain.identifiers.normal_form import NOTHING, code_form, number_form, text_form
from suyuan.domain.identifiers.normal_form_columns import code_forms, number_forms, text_forms
from suyuan.domain.normalisation import normal_event, normalise
from suyuan.schemas.kinds import EVENT_KINDS, KINDS, event_schema

CODE = "91330106MAC0060058"
WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
FORMS = {
    "code": (code_form, code_forms),
    "gtin": (gtin_form, lambda texts: gtin_columns(texts)[0]),
    "text": (text_form, text_forms),
    "number": (number_form, number_forms),
}


@pytest.mark.parametrize(
    "typed",
    [
        CODE.translate(WIDE),
        CODE.lower(),
        CODE.lower().translate(WIDE),
        f"\u200b{CODE}",
        f"\u202d{CODE}\u202c",
        f"\ufeff{CODE}",
        "91330106 MAC006005 8",
        "91330106-MAC006005-8",
        "91330106\u2013MAC006005\u22128",
        "91330106\u3000MAC006005\u20288",
        f" \t{CODE}\r\n",
        f"{CODE}\x00",
    ],
)
def test_a_code_is_the_same_however_it_was_typed(typed):
    assert code_form(typed) == CODE


@pytest.mark.parametrize(
    ("typed", "lot"),
    [
        ("H260112 ", "H260112"),
        ("Ｈ260112", "H260112"),
        ("\u200bH260112", "H260112"),
        ("H260112\t早", "H260112 早"),
        ("H260112\r\n早", "H260112 早"),
        ("H260112\n\r早", "H260112  早"),
        ("H 260112", "H 260112"),
        ("h260112", "h260112"),
        ("H-12", "H-12"),
        ("H\x0012", "H12"),
        ("无糖", "无糖"),
        ("Nap", "Nap"),
    ],
)
def test_a_lot_keeps_case_and_inner_blanks(typed, lot):
    assert text_form(typed) == lot


@pytest.mark.parametrize(
    "word", ["/", "//", "—", "——", "无", "见瓶身", "n/a", "Null", "\\N", "\\n", "nan", "#N/A", "ＮＵＬＬ"]
)
@pytest.mark.parametrize("form", [code_form, gtin_form, text_form])
def test_words_for_nothing_are_nothing(form, word):
    assert form(word) is None
    assert form(f" {word}\u200b\t") is None
    assert number_form(word) == word, "but a listing may be numbered so"


def test_what_is_nothing_without_blanks_and_dashes_is_nothing():
    assert [code_form(text) for text in ("- -", "N / A", "N-A", "\u3000", "\u301c")] == [None] * 5
    assert [text_form(text) for text in ("- -", "N / A", "N-A")] == ["- -", "N / A", "N-A"]


def test_other_numbers_lose_what_cannot_be_seen_and_nothing_else():
    assert number_form(" Ｎo.１\u200b\t-2 ") == "Ｎo.１-2"
    assert number_form("\u200b \x85") is None


def test_a_gtin_is_padded_where_it_is_one():
    assert gtin_form(" 6 903379-001194") == "06903379001194"
    assert gtin_form("６９０３３７９００１１８７") == "06903379001187"
    assert gtin_form("0000000000000") == "0000000000000", "names no product"
    assert gtin_form("6.90338E+12") == "6.90338E+12"
    assert gtin_form('="6903379001163"') == '="6903379001163"'


def test_the_listed_characters_are_those_of_unicode():
    known = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs", "Co", "Lo")]
    middle = pl.Series([f"a{character}a" for character in known])
    seen, compact = text_forms(middle), code_forms(middle)
    for character, text, code in zip(known, seen, compact, strict=True):
        category = unicodedata.category(character)
        assert (text == "aa") == (category in ("Cc", "Cf") and character not in "\t\r\n"), hex(ord(character))
        out = category in ("Cc", "Cf", "Zs", "Zl", "Zp", "Pd") or character == "\u2212"
        assert not out or code == "AA", hex(ord(character))


odd = st.sampled_from(
    "\u200b\u202d\ufeff\xad \t\r\n\u3000\xa0\u2028-—–\u2212/ＡａK９\u0308¨ﬀſ가\u1100\u1161中无\x00\x85'=#NnAaLl0"
)
texts = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.text(odd, max_size=6),
    st.sampled_from(sorted(NOTHING)),
    st.builds(
        lambda text, at, c: text[:at] + c + text[at:],
        st.sampled_from([CODE, CODE.lower(), "6903379001194"]),
        st.integers(0, 18),
        odd,
    ),
    st.sampled_from([8, 12, 13, 14]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)),
    st.sampled_from(["6903379001194", "96385074", "0000000000000"]),
)


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(typed=st.lists(texts, max_size=8))
@example(typed=[])
@example(typed=[None])
@example(typed=["a \u0308", "\u1100 \u1161", "1\u3000\u0308", "a\u00a8"])
def test_twice_is_once_and_columns_say_what_the_single_form_says(form, typed):
    single, columns = FORMS[form]
    once = [single(text) for text in typed]
    assert [single(text) for text in once] == once
    column = pl.Series("it", typed, dtype=pl.String)
    assert_series_equal(columns(column), pl.Series("it", once, dtype=pl.String))
    assert column.to_list() == typed, "what was given stays"


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_every_kind_has_columns_that_say_what_a_single_event_says(kind, data):
    fields = event_schema(kind).fields
    identifiers = EVENT_KINDS[kind].identifiers
    plain = {"date": None, "timestamp-millis": 0, "long": 0, "boolean": False}
    events = data.draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    name: texts if name in EVENT_KINDS[kind].optional else texts.map(lambda text: text or "")
                    for name in identifiers
                }
            ),
            max_size=4,
        )
    )
    rows = pl.DataFrame(
        {
            field.name: pl.Series(
                [event.get(field.name, [] if field.items else plain.get(field.type, "")) for event in events],
                dtype=field.dtype,
            )
            for field in fields
        }
    )
    normal = normalise(EVENT_KINDS[kind], rows).select(list(identifiers)).to_dicts()
    expected = [normal_event(EVENT_KINDS[kind], event) for event in events]
    assert normal == [
        {name: value if name in EVENT_KINDS[kind].optional else value or "" for name, value in event.items()}
        for event in expected
    ]


def test_lists_and_inputs_are_in_normal_form_too():
    licence = pl.DataFrame(
        {
            "event_id": ["1"],
            "publisher": ["P"],
            "licence_no": [" sc12-3 "],
            "holder_code": ["c"],
            "categories": [["ｈoney", "/", "tea "]],
        }
    )
    assert normalise(EVENT_KINDS["licence"], licence).row(0, named=True) == {
        "event_id": "1", "publisher": "P", "licence_no": "SC123", "holder_code": "C", "categories": ["honey", "tea"],
    }  # fmt: skip
    inputs = [
        {"producer_code": CODE.lower(), "gtin": "6 903379001194", "lot": "Ｈ1", "quantity": 1},
        {"producer_code": "/", "gtin": "6.9E+12", "lot": "无", "quantity": 2},
    ]
    lot = pl.DataFrame(
        {
            "event_id": ["1", "2"],
            "publisher": ["P", "P"],
            "producer_code": ["c", "c"],
            "gtin": ["1", "1"],
            "lot": ["L", "L"],
            "inputs": [inputs, []],
        }
    )
    assert normalise(EVENT_KINDS["lot"], lot)["inputs"].to_list() == [
        [
            {"producer_code": CODE, "gtin": "06903379001194", "lot": "H1", "quantity": 1},
            {"producer_code": "/", "gtin": "6.9E+12", "lot": "无", "quantity": 2},
        ],
        [],
    ]
