"""Two ways to read an identifier, written apart, must agree: the reference's and the product's."""

from __future__ import annotations

import random

import pytest

from suyuan.domain.identifiers.gtin import normalise_gtin
from suyuan.domain.identifiers.normal_form import code_form as normalise
from suyuan.domain.identifiers.uscc import check_uscc
from tests.reference import names
from tests.reference.spelling import code_form, dense, gtin_form, has_code_format, has_good_checks, is_gtin


@pytest.mark.parametrize("make", [names.credit_code, names.nonconforming_code, names.malformed_code])
def test_credit_codes(make):
    rng = random.Random(make.__name__)
    for _ in range(500):
        text = names.written_code(rng, make(rng))
        code = code_form(text)
        report = check_uscc(text)
        assert normalise(text) == code
        assert report.format == has_code_format(code), text
        assert report.valid == (has_code_format(code) and has_good_checks(code)), text
        assert report.valid == (make is names.credit_code), text


@pytest.mark.parametrize("make", [names.gtin, names.wrong_gtin])
def test_gtins(make):
    rng = random.Random(make.__name__)
    for _ in range(500):
        text = names.written_gtin(rng, make(rng))
        full, fault = normalise_gtin(text)
        assert (fault is None) == is_gtin(dense(text)), text
        assert fault or full == gtin_form(text)
        assert (fault is None) or make is names.wrong_gtin, text
