"""Two ways to read an identifier, or to judge an event, must agree: the reference's and the product's."""

from __future__ import annotations

import random

import polars as pl
import pytest

from suyuan.domain import acceptance
from suyuan.domain.identifiers.gtin import is_restricted as is_restricted_here
from suyuan.domain.identifiers.gtin import normalise_gtin
from suyuan.domain.identifiers.normal_form import code_form as code_form_here
from suyuan.domain.identifiers.normal_form import number_form as number_form_here
from suyuan.domain.identifiers.normal_form import text_form as text_form_here
from suyuan.domain.identifiers.uscc import check_uscc
from suyuan.domain.normalisation import normalise
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.kinds import EVENT_KINDS, KINDS, event_schema
from tests.reference import names
from tests.reference.acceptance import fault
from tests.reference.markets import generate
from tests.reference.records import NOW, normal
from tests.reference.spelling import (
    code_form,
    gtin_form,
    has_code_format,
    has_good_checks,
    is_gtin,
    is_restricted,
    number_form,
    text_form,
)
from tests.streams.event_messages import parsed_whenever


@pytest.mark.parametrize("make", [names.credit_code, names.nonconforming_code, names.malformed_code])
def test_credit_codes(make):
    rng = random.Random(make.__name__)
    for _ in range(500):
        text = names.written_code(rng, make(rng))
        code = code_form(text)
        report = check_uscc(text)
        assert code_form_here(text) == code
        assert report.format == has_code_format(code), text
        assert report.valid == (has_code_format(code) and has_good_checks(code)), text
        assert report.valid == (make is names.credit_code), text


@pytest.mark.parametrize("make", [names.gtin, names.restricted_gtin, names.wrong_gtin])
def test_gtins(make):
    rng = random.Random(make.__name__)
    for _ in range(500):
        text = names.written_gtin(rng, make(rng))
        full, wrong = normalise_gtin(text)
        form = gtin_form(text)
        assert (wrong is None) == is_gtin(form), text
        assert wrong or full == form, text
        assert wrong is None or make is names.wrong_gtin, text
        if wrong is None:
            assert is_restricted_here(form) == is_restricted(form)
            assert make is names.wrong_gtin or is_restricted(form) == (make is names.restricted_gtin)


def test_texts_and_numbers():
    rng = random.Random(5)
    alphabet = [*"\u200b\ufeff\u202d\xa0\u3000\t\n Ｌ１-—/无La", "\r\n"]
    for _ in range(3000):
        text = "".join(rng.choices(alphabet, k=rng.randint(0, 5)))
        assert text_form_here(text) == text_form(text), repr(text)
        assert code_form_here(text) == code_form(text), repr(text)
        assert number_form_here(text) == number_form(text), repr(text)


@pytest.fixture(scope="module")
def events():
    return [event for seed in range(30) for event in generate(seed)]


def test_events_that_count(events):
    for event in events:
        parsed = parsed_whenever(event)
        refused = acceptance.refusal(EVENT_KINDS[parsed.kind], parsed.event, NOW)
        assert (refused is None) == (fault(normal(event), event, NOW) is None), (event, refused)


@pytest.mark.parametrize("kind", KINDS)
def test_events_in_normal_form(events, kind):
    of_kind = [event for event in events if event["kind"] == kind]
    parsed = [parsed_whenever(event).event for event in of_kind]
    dtypes = {field.name: block_schema(f"event_{kind}")[field.name] for field in event_schema(kind).fields}
    rows = normalise(EVENT_KINDS[kind], pl.DataFrame(parsed, schema=dtypes)).to_dicts()
    assert len(rows) == len(of_kind)
    names_ = EVENT_KINDS[kind].identifiers
    for event, row in zip(of_kind, rows, strict=True):
        record = normal(event)
        assert {name: row[name] or None for name in names_} == {name: record.get(name) for name in names_}
