from __future__ import annotations

import pytest

from suyuan.domain.checks.numbers import check_number, check_of, holes, next_check_id, order_no

KNOWN = ["330100-2026-1", "330100-2026-2", "330100-2026-5", "330100-2025-9", "330200-2026-8", "nonsense"]


def test_the_next_number_follows_the_greatest_of_the_bureau_s_year():
    assert next_check_id(KNOWN, "330100", 2026) == "330100-2026-6"
    assert next_check_id(KNOWN, "330300", 2026) == "330300-2026-1"


def test_what_is_left_out_is_named():
    assert holes(KNOWN, "330100", 2026) == ("330100-2026-3", "330100-2026-4")
    assert holes(KNOWN, "330300", 2026) == ()


@pytest.mark.parametrize("text", ["330100-2026-0", "330100-2026-07", "3301-2026-7", "330100-26-7", "330100-2026-", ""])
def test_no_check_is_called_so(text):
    assert check_number(text) is None


def test_an_order_says_its_check():
    assert order_no("330100-2026-7", 12) == "330100-2026-7-12"
    assert check_of("330100-2026-7-12") == "330100-2026-7"
    assert check_of("330100-2026-7") is None
    assert check_of("x-12") is None
