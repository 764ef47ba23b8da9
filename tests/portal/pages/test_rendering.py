"""Every page: nothing of others is markup, nothing is blank by mistake, nothing needs what the browser refuses."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from suyuan.access.scope import EVERYTHING, Division, Platform, Scope
from suyuan.portal.pages import figures
from suyuan.portal.pages.navigation import PLACES, may_open
from suyuan.portal.pages.rendering import (
    _environment,
    as_of_place,
    field_moment,
    outside,
    page_text,
    render,
    with_query,
)
from suyuan.portal.pages.words import words
from tests.portal.pages.reader import PAGES, SomeReader

EVIL = "<img src=x onerror=alert(1)>\"'&\u202egnp.exe"
TEMPLATES = files("suyuan.portal.pages").joinpath("templates")
PROBLEM = {"type": "/problems/not-found", "title": EVIL, "status": 404, "detail": EVIL, "request": "r1"}


def macro(language, file, name, *values, **named):
    module = _environment(language).get_template(f"macros/{file}.html").module
    return str(getattr(module, name)(*values, **named))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_is_in_the_language_of_its_reader(language):
    answer = render(SomeReader(language), "home.html")
    page = answer.body.decode()
    assert (answer.status_code, answer.headers["content-language"]) == (200, {"zh": "zh-CN", "en": "en"}[language])
    assert f'<html lang="{answer.headers["content-language"]}">' in page
    assert words(language)("home.heading") in page


def test_a_language_that_is_asked_for_stays():
    answer = render(SomeReader("en", url="/help?lang=en"), "home.html")
    assert "suyuan-lang=en" in answer.headers["set-cookie"]
    assert "set-cookie" not in render(SomeReader("en"), "home.html").headers
    assert "lang=en" not in page_text(SomeReader("en", url="/help?lang=en&x=1"), "home.html").replace(
        "?x=1&amp;lang=zh", ""
    )


def test_the_other_language_is_a_link_that_keeps_the_filters():
    page = page_text(SomeReader("zh", url="/listings?gap=lot_unknown&cursor=c"), "home.html")
    assert 'href="/listings?gap=lot_unknown&amp;cursor=c&amp;lang=en"' in page


@pytest.mark.parametrize("role", ["admin", "regulator", "investigator", "platform", "publisher"])
def test_the_bar_leads_to_what_the_role_may_open_and_nowhere_else(role):
    page = page_text(SomeReader(role=role), "home.html")
    for place in PLACES:
        may = may_open(PAGES, role, place.path)
        assert (f'href="{place.path}"' in page) == may
        assert (f'data-key="{place.keys}"' in page) == may


def test_whoever_has_not_entered_finds_no_pages_and_no_token():
    page = page_text(SomeReader(role=None, csrf=""), "home.html")
    assert "data-key" not in page
    assert "X-CSRF-Token" not in page
    assert words("zh")("home.public") in page


def test_text_of_others_is_shown_and_nothing_else():
    page = page_text(SomeReader(name=EVIL), "home.html") + page_text(SomeReader("en"), "error.html", problem=PROBLEM)
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 3
    assert "\u202e" not in outside(EVIL)
    assert r"\u202egnp.exe" in outside(EVIL)
    assert outside(None) == "<bdi></bdi>"


def test_a_value_that_is_not_there_is_an_error():
    with pytest.raises(UndefinedError, match="problem"):
        page_text(SomeReader(), "error.html")


def test_a_problem_says_what_where_and_how_to_go_on():
    errors = [{"pointer": "#/price_fen", "detail": "missing"}]
    page = page_text(
        SomeReader("en", url="/a?b=c"),
        "error.html",
        problem={**PROBLEM, "errors": errors, "status": 503, "type": "/problems/unavailable"},
    )
    assert words("en")("problem.unavailable") in page
    assert "#/price_fen" in page
    assert 'href="/a?b=c"' in page
    assert "r1" in page
    assert words("en")("error.other") in page_text(SomeReader("en"), "error.html", problem={"status": 418})


def test_templates_have_no_scripts_or_styles_of_their_own_and_name_no_other_host():
    everything = [TEMPLATES, TEMPLATES / "macros"]
    for file in (file for folder in everything for file in folder.iterdir() if file.is_file()):
        text = re.sub(r"\{#.*?#\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\sstyle=|<style|\son\w+=|hx-on|javascript:|hx-vals=.js", text), file.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), file.name
        assert not re.search(r"(?:https?:)?//[a-z0-9]", re.sub(r'xmlns="[^"]*"', "", text)), file.name
        assert "|safe" not in text, file.name


@pytest.mark.parametrize(
    ("scope", "zh"),
    [
        (EVERYTHING, "全部"),
        (Scope((Division(""),)), "全国"),
        (Scope((Division("3301"), Platform("91X"))), "区划 3301、平台 91X"),
        (Scope(()), "无"),
    ],
)
def test_a_scope_is_said(scope, zh):
    assert macro("zh", "values", "scope", scope) == zh


def test_severity_verdict_and_gap_are_told_by_word_and_shape_and_colour():
    for name, made in (("critical", "severity"), ("broken", "verdict"), ("lot_recalled", "gap")):
        shown = macro("zh", "badges", made, name)
        assert re.search(r"is-\w+", shown)
        assert 'class="sign" aria-hidden="true">' in shown
        assert re.search("[\u4e00-\u9fff]", shown)
    assert "of_a_newer_version" in macro("zh", "badges", "gap", "of_a_newer_version")


def test_a_pager_goes_on_by_the_cursor_and_keeps_the_filters():
    shown = macro("en", "pager", "pager", "/listings?gap=oversold&cursor=a", "b", present="a", shown=50)
    assert 'href="/listings?gap=oversold&amp;cursor=b"' in shown
    assert 'href="/listings?gap=oversold"' in shown
    assert "rel=" not in macro("en", "pager", "pager", "/listings", None, shown=3)


@pytest.mark.parametrize(
    ("path", "here"), [("/a/%23%3F%2Fb", "/a/%23%3F%2Fb"), ("//elsewhere.example/a", "/elsewhere.example/a")]
)
def test_links_to_the_same_page_name_what_was_asked_for_and_no_other_host(path, here):
    reader = SomeReader("zh", url="/a?x=1")
    reader.request.scope["raw_path"] = path.encode()
    assert f'href="{here}?x=1&amp;lang=en"' in page_text(reader, "home.html")


def test_moments_have_their_place_among_those_at_which_something_became_known():
    asked = (None, "1970-01-02", "1970-01-03", "1970-01-03T12:00", "2026-01-01")
    moments = [86_400_000 * 2 - 8 * 3_600_000, 86_400_000 * 3]
    assert [as_of_place(moments, at) for at in asked] == [2, 0, 0, 0, 1]
    assert field_moment("2026-02-20T01:00:00Z") == "2026-02-20T09:00"
    assert field_moment("1771549200123") == "2026-02-20T09:00:00.123"
    assert (field_moment(""), field_moment(None)) == ("", "")


def test_addresses_change_only_what_is_asked_for():
    assert with_query("/a?x=1&y=2", y=3) == "/a?x=1&y=3"
    assert with_query("/a?x=1", x=None) == "/a"
    assert with_query("/a", q="批 1&") == "/a?q=%E6%89%B9+1%26"


def test_numbers_and_moments():
    assert figures.number(12031) == "12,031"
    assert figures.number(None) == "–"
    assert figures.short_number(12_000, "zh") == "1.2万"
    assert figures.short_number(230_000_000, "zh") == "2.3亿"
    assert figures.short_number(12_000, "en") == "12k"
    assert figures.short_number(950, "zh") == "950"
    assert (figures.share(999_999, 1_000_000), figures.share(1, 10_000), figures.share(0, 5)) == ("99%", "1%", "0%")
    assert (figures.share(5, 5), figures.share(0, 0)) == ("100%", "–")
    assert figures.yuan(2680) == "¥26.80"
    shown = figures.moment(1_772_300_005_007)
    assert 'datetime="2026-03-01T01:33:25.007+08:00"' in shown
    assert ">2026-03-01 01:33:25<" in shown
    assert figures.moment(None) == "–"


def test_a_reader_of_another_language_reads_chinese():
    assert '<html lang="zh-CN">' in page_text(SomeReader("fr"), "home.html")
