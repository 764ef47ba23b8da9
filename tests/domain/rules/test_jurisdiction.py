import datetime as dt

import pytest

from suyuan.domain.rules.jurisdiction import bureau

DAY = dt.date(2025, 6, 1)


@pytest.mark.parametrize(
    ("jurisdiction", "seller", "producer", "expected"),
    [
        ("seller", "110105", "440305", "110105"),
        ("producer", "110105", "440305", "440305"),
        ("seller", None, "440305", "440305"),
        ("producer", "110105", None, "110105"),
        ("seller", "990000", "440305", "440305"),
        ("seller", None, None, None),
        ("producer", "", "990101", None),
        ("seller", "110221", None, "110114"),
    ],
)
def test_bureau_in_charge(jurisdiction, seller, producer, expected):
    assert bureau(jurisdiction, seller, producer, DAY) == expected
