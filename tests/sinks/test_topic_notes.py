from __future__ import annotations

import pytest

from suyuan.sinks.batches import intended_spans
from suyuan.sinks.topic_notes import made_again, text_of

OLD, NEW = {"chain": "11111111-aaaa", "alert": "22222222-bbbb"}, {"chain": "33333333-cccc", "alert": "22222222-bbbb"}
NOTE, LATER = text_of(OLD), text_of(NEW)


@pytest.mark.parametrize(
    ("committed", "expected"),
    [
        ({}, set()),
        ({("chain", 0): (7, NOTE), ("alert", 0): (7, NOTE)}, {"chain"}),
        ({("alert", 0): (7, NOTE)}, {"chain"}),
        ({("alert", 1): (7, "")}, set()),
        ({("chain", 0): (0, LATER), ("alert", 0): (7, NOTE)}, set()),
        ({("chain", 1): (4, ""), ("alert", 0): (7, NOTE)}, set()),
        ({("chain", 0): (4, '{"inserting":[[0,4,9]]}'), ("alert", 0): (7, NOTE)}, set()),
        ({("alert", 0): (7, text_of({"alert": OLD["alert"]}))}, set()),
    ],
)
def test_what_a_group_noted_tells_a_topic_from_the_one_before_it(committed, expected):
    assert made_again(NEW, committed, ["chain", "alert"]) == expected


def test_a_former_version_finds_no_intent_in_a_note():
    assert intended_spans(NOTE) == ()
