"""What every face does before and after an act: tables that are there, numbers without holes, folders."""

from __future__ import annotations

import msgspec
import pytest

from suyuan.domain.checks.bodies import canonical
from suyuan.domain.checks.faults import BodyError
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.spot_checks import acting
from suyuan.operations.spot_checks.acting import NotLoaded
from suyuan.operations.spot_checks.steps import name_of
from suyuan.operations.work_left import WorkLeft
from suyuan.queries.answers import CheckAct
from suyuan.queries.check_acts import checks_of
from tests.spot_checks import BEACON, PARTIES, SECRETS, SELLERS, SIGNATURE, drawn, plan


class Tables:
    """That know of some acts."""

    def __init__(self, *bodies):
        self.acts = [
            CheckAct(f"e{at}", "SUYUAN", at, body.check_id, name_of(body), "li", canonical(body).decode(), 0)
            for at, body in enumerate(bodies)
        ]

    def answer(self, question, _scope, beginning):
        assert question.name == "check_acts"
        return [act for act in self.acts if act.check_id.startswith(beginning)]


class Clock:
    def __init__(self):
        self.now = 1_000_000
        self.paused = []

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.paused.append(seconds)
        self.now += int(seconds * 1000)


def waited(left, clock, as_known_at=1_000_000, patience=5.0):
    looks = iter(left)
    acting.wait_until_loaded(
        lambda: WorkLeft(next(looks), 1), as_known_at, clock=clock, pause=clock.pause, patience_seconds=patience
    )
    return next(looks, None)


def test_it_waits_until_the_tables_are_beyond_the_moment():
    clock = Clock()
    assert waited([7, 3, 0, 9], clock) == 9
    assert clock.now > 1_000_000 + acting.CLOCKS_MS


def test_what_was_long_ago_is_not_waited_for():
    clock = Clock()
    waited([0], clock, as_known_at=0)
    assert clock.paused == []


def test_tables_that_do_not_get_there_are_said():
    with pytest.raises(NotLoaded, match="1,234 messages are still to be done") as caught:
        waited([1234] * 100, Clock())
    assert caught.value.kind is ErrorKind.UNAVAILABLE


def test_numbers_have_no_holes():
    tables = Tables(*(plan(check_id=f"330100-2026-{before}") for before in (1, 2)), plan(check_id="330100-2025-7"))
    assert acting.planned(tables, plan(check_id="330100-2026-3"))
    with pytest.raises(BodyError, match=r"check_id: leaves numbers out: .* the next one is 330100-2026-3"):
        acting.planned(tables, plan(check_id="330100-2026-8"))
    with pytest.raises(BodyError, match="act: plan does not follow plan"):
        acting.planned(tables, plan(check_id="330100-2026-1"))


def test_how_far_a_check_has_come():
    files = drawn()
    tables = Tables(files.plan, files.freeze, plan(check_id="330100-2026-71"))
    check = acting.check_named(tables, files.plan.check_id)
    assert (check.plan, check.freeze, check.randomness) == (files.plan, files.freeze, None)
    assert acting.check_named(tables, "330100-2026-72").plan is None
    assert set(checks_of(tables.acts)) == {files.plan.check_id, "330100-2026-71"}


@pytest.mark.parametrize("name", ["", "..", "330100-2026-1/../..", "330100-2026-01"])
def test_no_folder_of_what_is_no_check(tmp_path, name):
    with pytest.raises(SuyuanError, match="no check's number"):
        acting.folder_of(tmp_path, name)
    assert acting.folder_of(tmp_path, "330100-2026-1") == tmp_path / "330100-2026-1"


def test_what_beacon_and_parties_gave_is_read_as_people_write_it():
    files = drawn()
    check = acting.Check(files.plan, files.freeze)
    assert acting.of_beacon(check, f" {SIGNATURE.upper()}\n", now=BEACON.at) == files.randomness
    with pytest.raises(SuyuanError, match="signature"):
        acting.of_beacon(check, "zz", now=BEACON.at)
    files = drawn(plan(randomness=PARTIES))
    check = acting.Check(files.plan, files.freeze)
    backwards = [(name, secret.upper()) for name, secret in reversed(SECRETS.items())]
    assert acting.of_parties(check, backwards, now=BEACON.at) == files.randomness
    with pytest.raises(SuyuanError, match="secret"):
        acting.of_parties(check, [("university", "1")], now=BEACON.at)
    with pytest.raises(SuyuanError, match="names a beacon"):
        acting.of_parties(acting.Check(drawn().plan, drawn().freeze), backwards, now=BEACON.at)


def test_a_code_ends_where_it_ends():
    """A line feed behind it is not looked over."""
    text = canonical(plan()).replace(SELLERS[0].encode(), SELLERS[0].encode() + rb"\n")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=type(plan()))
