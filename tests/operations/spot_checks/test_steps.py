"""A check step by step, in a folder."""

from __future__ import annotations

import gzip
from hashlib import sha256

import pytest

from suyuan.domain.checks.bodies import DrandRound, Reveal, Reveals
from suyuan.domain.checks.faults import BodyError
from suyuan.domain.checks.frame import FrameError
from suyuan.domain.checks.publication import FILES, Proofs
from suyuan.domain.checks.stage import Check
from suyuan.errors import SuyuanError
from suyuan.operations.spot_checks import steps
from suyuan.operations.spot_checks.steps import OutOfTurn
from tests.operations.spot_checks.test_verify import verify  # noqa: F401 - a fixture
from tests.spot_checks import BEACON, PARTIES, SECRETS, SIGNATURE, drawn, plan, rows

SORTED = sorted(rows(), key=lambda row: row.id.encode())
UNPROVEN = Proofs(missing="there is no log")
ROUND = DrandRound(round=1, signature=SIGNATURE)
WHEN = {"as_known_at": plan().planned_at + 1, "now": plan().planned_at + 2}


def until_drawn(folder, of=None, source=ROUND):
    check = Check(of or plan())
    check = check._replace(freeze=steps.freeze(check, SORTED, folder, **WHEN))
    check = check._replace(randomness=steps.randomness(check, source, now=BEACON.at))
    return check._replace(draw=steps.drawn(check, folder).draw)


def test_it_is_what_the_domain_draws_and_a_stranger_verifies_it(tmp_path, verify):  # noqa: F811
    check = until_drawn(tmp_path)
    assert check.draw == drawn().result.draw
    act = steps.published(check, tmp_path, UNPROVEN)
    assert {file.name: file.sha256 for file in act.files} == {
        name: sha256((tmp_path / name).read_bytes()).hexdigest() for name in FILES
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert verify().count("OK  ") == 5


def test_by_parties(tmp_path, verify):  # noqa: F811
    given = Reveals(reveals=tuple(Reveal(name=name, secret=secret) for name, secret in SECRETS.items()))
    check = until_drawn(tmp_path, plan(randomness=PARTIES), given)
    steps.published(check, tmp_path, UNPROVEN)
    assert verify().count("OK  ") == 5


def test_what_is_written_again_is_the_same(tmp_path):
    for folder in ("a", "b"):
        steps.published(until_drawn(tmp_path / folder), tmp_path / folder, UNPROVEN)
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_frame_that_is_refused_leaves_no_file(tmp_path):
    with pytest.raises(FrameError):
        steps.freeze(Check(plan()), SORTED[::-1], tmp_path, **WHEN)
    with pytest.raises(BodyError, match="frozen_at"):
        steps.freeze(Check(plan()), SORTED, tmp_path, as_known_at=1, now=BEACON.at)
    assert list(tmp_path.iterdir()) == []


def test_another_frame_is_not_drawn_from(tmp_path):
    check = until_drawn(tmp_path)._replace(draw=None)
    lines = gzip.decompress((tmp_path / "frame.ndjson.gz").read_bytes()).splitlines(keepends=True)
    (tmp_path / "frame.ndjson.gz").write_bytes(gzip.compress(b"".join(lines[1:])))
    with pytest.raises(SuyuanError, match="not what was frozen"):
        steps.drawn(check, tmp_path)


def test_nothing_comes_out_of_turn(tmp_path):
    for step in (
        lambda: steps.freeze(Check(), SORTED, tmp_path, **WHEN),
        lambda: steps.randomness(Check(plan()), ROUND, now=BEACON.at),
        lambda: steps.drawn(Check(plan()), tmp_path),
        lambda: steps.published(Check(plan()), tmp_path, UNPROVEN),
        lambda: steps.cancelled(Check(), "x"),
    ):
        with pytest.raises(OutOfTurn):
            step()
    check = until_drawn(tmp_path)
    with pytest.raises(BodyError, match="act"):
        steps.freeze(check, SORTED, tmp_path, **WHEN)


def test_randomness_is_not_taken_before_it_is_due(tmp_path):
    check = Check(plan())
    check = check._replace(freeze=steps.freeze(check, SORTED, tmp_path, **WHEN))
    with pytest.raises(OutOfTurn, match="due in 2 s"):
        steps.randomness(check, ROUND, now=BEACON.at - 1001)


def test_a_check_is_given_up_at_any_time(tmp_path):
    for check in (Check(plan()), until_drawn(tmp_path)):
        act = steps.cancelled(check, "a stratum was forgotten")
        assert check._replace(cancel=act).next == ()


def test_an_act_published_twice_has_one_id():
    one, other = (steps.event(plan(), actor="li", now=now) for now in (1, 2))
    assert one["event_id"] == other["event_id"]
    assert (one["act"], one["check_id"]) == ("plan", plan().check_id)
