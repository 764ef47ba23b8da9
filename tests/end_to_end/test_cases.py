"""Agreed markets through the command: publish, run, chains."""

import random

import pytest

every_case = pytest.mark.parametrize("case", [11, 12, 13], indirect=True)


@every_case
def test_a_market_published_as_it_is_has_the_agreed_chains(case, make_suyuan):
    suyuan = make_suyuan()
    answer = suyuan.publish(case.file)
    assert (answer["accepted"], answer["duplicate"], answer["rejected"]) == (len(case.lines), 0, 0)
    suyuan.run_once()
    assert suyuan.chains() == case.expected


@every_case
def test_order_parts_and_repetition_change_nothing(case, make_suyuan, tmp_path):
    chance = random.Random(str(case.file.name))
    suyuan = make_suyuan(partitions=chance.choice((1, 3, 6)))
    shuffled = chance.sample(case.lines, len(case.lines))
    third = len(shuffled) // 3
    parts = [shuffled[:third], shuffled[third : 2 * third], shuffled[2 * third :]]
    again = []
    for number, lines in enumerate(parts):
        file = tmp_path / f"part-{number}.jsonl"
        file.write_text("".join([*again, *lines]), encoding="utf-8")
        answer = suyuan.publish(file)
        assert (answer["accepted"], answer["duplicate"], answer["rejected"]) == (len(lines), len(again), 0)
        suyuan.run_once()
        again = chance.sample(lines, third // 2)
    assert suyuan.chains() == case.expected
    answer = suyuan.publish(case.file)
    assert (answer["accepted"], answer["duplicate"]) == (0, len(case.lines))
