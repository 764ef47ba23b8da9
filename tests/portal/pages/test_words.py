"""Both languages have words for the same things, and for all that data can say."""

from __future__ import annotations

import datetime as dt
import re
from importlib.resources import files

import pytest

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.divisions import provinces
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.portal.pages.words import LANGUAGES, UnknownWord, words
from suyuan.portal.problems import TYPES
from suyuan.schemas.kinds import KINDS, event_schema

VERDICTS = ("complete", "partial", "broken", "contradicted", "removed")
ROLES = ("admin", "regulator", "investigator", "platform", "publisher", "public")
FIELDS = {field.name for kind in KINDS for field in event_schema(kind).fields}
PLACEHOLDER = re.compile(r"\{(\w*)\}")


def test_both_languages_have_the_same_words_with_the_same_blanks():
    zh, en = words("zh"), words("en")
    assert set(zh) == set(en)
    for key in zh:
        assert zh(key).strip(), key
        assert en(key).strip(), key
        assert set(PLACEHOLDER.findall(zh(key))) == set(PLACEHOLDER.findall(en(key))), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("gap", {gap.gap for gap in GAPS}),
        ("group", {gap.group for gap in GAPS}),
        ("class", {gap.class_ for gap in GAPS}),
        ("verdict", VERDICTS),
        ("verdict_help", VERDICTS),
        ("rule", {rule.id for rule in built_in_rules()}),
        ("severity", {rule.severity for rule in built_in_rules()}),
        ("kind", KINDS),
        ("role", ROLES),
        ("field", FIELDS),
        ("problem", TYPES),
        ("advice", TYPES),
        ("province", set(provinces(dt.date(2026, 9, 22)))),
    ],
)
def test_whatever_data_can_say_has_its_word(language, group, names):
    said = words(language)
    assert {name for name in names if f"{group}.{name}" not in set(said)} == set()


def test_what_the_catalogue_calls_a_rule_is_its_word():
    assert words("zh").of("rule", "oversold") == "销量超过进货量"
    assert words("en").of("rule", "oversold") == "Sold more than was received"


def test_a_value_without_a_word_is_said_as_it_is_and_a_text_that_is_not_there_is_an_error():
    assert words("zh").of("gap", "of_a_newer_version") == "of_a_newer_version"
    assert words("zh").of("gap", None) == ""
    with pytest.raises(UnknownWord, match=r"nav\.nowhere"):
        words("en")("nav.nowhere")


def test_every_word_that_a_template_names_is_there():
    said = set(words("en"))
    named = re.compile(r"""\bt\(\s*"([a-z0-9_.-]+)"\s*[,)]""")
    templates = files("suyuan.portal.pages").joinpath("templates")
    found = 0
    for folder in (templates, templates / "macros"):
        for file in folder.iterdir():
            if file.is_file():
                for key in named.findall(file.read_text(encoding="utf-8")):
                    found += 1
                    assert key in said, f"{file.name}: {key}"
    assert found > 30
