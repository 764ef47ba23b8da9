"""Agreed markets through the command: publish, run, chains."""

import json
import random

import pytest

from tests.reference.acceptance import fault
from tests.reference.records import NOW, identity, normal


class Tally:
    """What `suyuan publish` must answer of one file after another; a market repeats events of its own."""

    def __init__(self):
        self._taken = set()

    def answers(self, lines):
        """(accepted, duplicate, rejected) of the next file."""
        events = [json.loads(line) for line in lines]
        counted = [record for event in events if fault(record := normal(event), event, NOW) is None]
        new = {identity(record) for record in counted} - self._taken
        self._taken |= new
        return len(new), len(counted) - len(new), len(events) - len(counted)


def counts(answer):
    return answer["accepted"], answer["duplicate"], answer["rejected"]


@pytest.mark.parametrize("case", [11, 12, 13], indirect=True)
def test_a_market_published_as_it_is_has_the_agreed_chains(case, make_suyuan):
    suyuan = make_suyuan()
    answer = suyuan.publish(case.file)
    assert counts(answer) == Tally().answers(case.lines)
    suyuan.run_once()
    assert suyuan.chains() == case.expected


@pytest.mark.parametrize("case", [13], indirect=True)
def test_order_parts_and_repetition_change_nothing(case, make_suyuan, tmp_path):
    """Of one market: those in any order in `tests/streams/test_any_order.py` are all."""
    chance = random.Random(str(case.file.name))
    suyuan = make_suyuan(partitions=3)
    shuffled = chance.sample(case.lines, len(case.lines))
    third = len(shuffled) // 3
    parts = [shuffled[:third], shuffled[third : 2 * third], shuffled[2 * third :]]
    again, tally = [], Tally()
    for number, lines in enumerate(parts):
        file = tmp_path / f"part-{number}.jsonl"
        file.write_text("".join([*again, *lines]), encoding="utf-8")
        assert counts(suyuan.publish(file)) == tally.answers([*again, *lines])
        suyuan.run_once()
        again = chance.sample(lines, third // 2)
    assert suyuan.chains() == case.expected
    assert counts(suyuan.publish(case.file)) == tally.answers(case.lines)
