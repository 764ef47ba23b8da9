from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from suyuan.domain.identifiers.uscc import ALPHABET, check_character, check_uscc, organisation_check_character
from suyuan.domain.privacy.numbers import identity_check, is_identity_number
from suyuan.domain.privacy.scrub import BANK_NUMBER, IDENTITY_NUMBER, PHONE, scrub

WORDS = {PHONE, IDENTITY_NUMBER, BANK_NUMBER}
digits = st.text("0123456789", min_size=1)
letters = st.text(st.characters(exclude_categories=("Nd", "Cs"), exclude_characters="+＋"), max_size=8)
"""what may stand around a number without changing what it is: anything but digits, blanks and the like"""
around = st.sampled_from(["", "张三，", "请联系", "：", "id ", "（", "\n", "等", "/", "tel"])


def numbers(size, first="0123456789"):
    return st.builds(str.__add__, st.sampled_from(first), st.text("0123456789", min_size=size - 1, max_size=size - 1))


def gtin(first):
    total = sum(int(digit) * (1 + 2 * (at % 2 == 0)) for at, digit in enumerate(reversed(first)))
    return first + str(-total % 10)


def luhn(first):
    values = [int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(first))]
    return first + str(-sum(value - 9 if value > 9 else value for value in values) % 10)


mobiles = st.builds("1{}{}".format, st.sampled_from("3456789"), numbers(9))
landlines = st.one_of(
    st.builds(
        "0{}-{}{}".format,
        st.sampled_from(["10", "21", "28", "571", "755", "379"]),
        st.sampled_from("2345678"),
        numbers(7),
    ),
    st.builds("0{} {}{}".format, st.sampled_from(["571", "852", "999"]), st.sampled_from("2345678"), numbers(6)),
)
births = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)).map("{:%Y%m%d}".format)
identities = st.builds(
    lambda division, birth, order: division + birth + order + identity_check(division + birth + order),
    numbers(6, "12345678"),
    births,
    numbers(3),
)
former_identities = st.builds(
    "{}{:%y%m%d}{}".format, numbers(6, "12345678"), st.dates(dt.date(1900, 1, 1), dt.date(1999, 12, 31)), numbers(3)
)
cards = st.one_of(*(numbers(size, "3456").map(luhn) for size in (15, 16, 17, 18))).filter(
    lambda number: not check_uscc(number).valid  # a credit code is no card
)
gtins = st.sampled_from([7, 11, 12, 13]).flatmap(numbers).map(gtin)
codes = st.builds(
    lambda category, division, organisation: with_checks(category + division + organisation),
    st.sampled_from(["91", "92", "93", "11", "12", "51", "52", "53", "N1", "Y1"]),
    st.sampled_from(["330106", "110000", "440300", "370202"]),
    st.one_of(st.text(ALPHABET, min_size=8, max_size=8), numbers(8)),
)


def with_checks(first16):
    first17 = first16 + organisation_check_character(first16[8:])
    return first17 + check_character(first17)


def spelt(number, groups, separator):
    """The number in groups of these sizes, the rest in the last."""
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    return separator.join([part for part in [*parts, number[at:]] if part])


SEPARATORS = st.sampled_from([" ", "-", "–", "－", "\u3000", "\u200b", ".", " - "])


@given(
    mobiles, st.sampled_from(["", "+86", "+86 ", "0086-", "86 ", "＋86", "0"]), around, around, SEPARATORS, st.data()
)
@example("13912345678", "", "手机", "", " ", None)
def test_a_mobile_is_scrubbed_however_it_is_spelt(number, country, before, after, separator, data):
    groups = data.draw(st.sampled_from([(), (3, 4, 4), (3, 8), (7, 4), (4, 3, 4), (1,) * 11])) if data else ()
    if country == "0" and not groups:
        assume(gtin("0" + number[:-1]) != "0" + number)
    text = scrub(before + country + spelt(number, groups, separator) + after)
    assert PHONE in text
    assert not any(character.isdecimal() for character in text)


@given(landlines, around, around)
def test_a_landline_with_its_area_code_is_scrubbed(number, before, after):
    assert scrub(before + number + after) == before + PHONE + after


@given(identities, around, around, st.sampled_from([(), (6, 8), (6, 4, 4), (14,)]), SEPARATORS)
def test_an_identity_number_is_scrubbed_also_with_a_small_x(number, before, after, groups, separator):
    for written in (number, number.lower(), spelt(number, groups, separator)):
        assert scrub(before + written + after) == before + IDENTITY_NUMBER + after


@given(former_identities, around, around)
def test_a_former_identity_number_is_scrubbed(number, before, after):
    assert scrub(before + number + after) == before + IDENTITY_NUMBER + after


@given(identities, st.integers(1, 10))
def test_what_fails_its_check_digit_is_no_identity_number(number, more):
    wrong = number[:17] + "0123456789X"[("0123456789X".index(number[17]) + more) % 11]
    assert is_identity_number(number)
    assert not is_identity_number(wrong)


@given(cards, around, around, st.sampled_from([(), (4, 4, 4, 4), (6,), (4, 4, 4)]), SEPARATORS)
def test_a_card_is_scrubbed_with_and_without_blanks(number, before, after, groups, separator):
    assume(not is_identity_number(number))
    assert scrub(before + spelt(number, groups, separator) + after) == before + BANK_NUMBER + after


@given(mobiles, identities)
def test_full_width_digits_are_digits(mobile, identity):
    wide = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
    assert scrub(mobile.translate(wide)) == PHONE
    assert scrub(identity.translate(wide)) == IDENTITY_NUMBER


@given(mobiles, identities, cards)
def test_several_in_a_row_are_scrubbed_each(mobile, identity, card):
    assume(not is_identity_number(card))
    assert scrub(f"{mobile} {identity}") == f"{PHONE} {IDENTITY_NUMBER}"
    assert scrub(f"{identity}，{card}/{mobile}") == f"{IDENTITY_NUMBER}，{BANK_NUMBER}/{PHONE}"


@given(codes, around, around)
def test_a_credit_code_stays(code, before, after):
    assume(code[0] == "9" or not is_identity_number(code))  # of bodies, two in a hundred thousand look like a person's
    text = f"{before} {code}{after}"
    assert scrub(text) == text


@given(gtins, st.sampled_from(["", "条码 ", "GTIN:", "商品", "(01)"]), st.sampled_from(["", "，", " 件", "\n"]))
def test_a_gtin_stays(number, before, after):
    assume(not (len(number) == 13 and number.startswith("861")))  # no country's, and how mobiles are written
    text = before + number + after
    assert scrub(text) == text


@given(st.lists(gtins.filter(lambda number: len(number) > 8), max_size=4))
def test_a_list_of_gtins_stays(several):
    assume(not any(number.startswith("861") for number in several))
    text = "、".join(several)
    assert scrub(text) == text


@given(
    st.one_of(
        st.text(),
        st.text("0123456789+- X.电话tel[]"),
        st.lists(st.one_of(mobiles, cards, codes, letters)).map(" ".join),
    )
)
@example("电话13912345678 2345678")
def test_what_was_scrubbed_stays_as_it_is(text):
    once = scrub(text)
    assert scrub(once) == once
    left = once
    for word in WORDS:
        left = left.replace(word, "")
    assert len(left) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "菌落总数超标 1,200 CFU/g",
        "2026-03-01 12:34:56",
        "2026年3月1日至2026年4月1日",
        "批号 20260301、20260302",
        "罚款 13800.00 元",
        "GB 2760-2014、GB 29921-2021",
        "12315",
        "第 330106 号",
        "p0123456789abcdef0123456789abcdef",
        "3f9a01c213912345678a01c23f9a01c213912345678a01c2",
        "https://example.com/a/13",
        "店铺 91330106MA2CDUWJ5X 的商品 6901234567892",
        "192.168.100.100",
    ],
)
def test_other_figures_stay(text):
    assert scrub(text) == text


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("张三，13912345678，要求退款", f"张三，{PHONE}，要求退款"),
        ("tel13912345678", f"tel{PHONE}"),
        ("联系电话：87654321", f"联系电话：{PHONE}"),
        ("电话057187654325", f"电话{PHONE}"),
        ("(0571)8765 4321", f"({PHONE}"),
        ("+852 9123 4567", PHONE),
        ("身份证11010519491231002x。", f"身份证{IDENTITY_NUMBER}。"),
        ("卡号6222 0212 3456 7890 128", f"卡号{BANK_NUMBER}"),
    ],
)
def test_what_people_write(text, scrubbed):
    assert scrub(text) == scrubbed
