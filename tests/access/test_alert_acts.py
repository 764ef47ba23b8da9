"""Who may do what with an alert: the table, case by case."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from suyuan.access.alert_acts import may_act
from suyuan.access.principal import Principal, Role, scope_of
from suyuan.domain.alerts.acts import ACTS

CODE = "91330000PLATFORM01"


def who(role, division=None, id_="somebody"):
    code = CODE if role in {Role.PLATFORM, Role.PUBLISHER} else None
    return Principal(id_, role, "", scope_of(role, division, code), (), "key", 1)


def allowed(principal, bureau="330106", assignee=None):
    """The acts that somebody may do."""
    alert = SimpleNamespace(bureau=bureau, assignee=assignee)
    denied = {act: may_act(principal, act, alert) for act in ACTS}
    assert all(each is None or (each.reason and each.why in {"role", "bureau"}) for each in denied.values())
    return {act for act, each in denied.items() if each is None}


EVERY = set(ACTS)


@pytest.mark.parametrize(
    ("division", "bureau", "acts"),
    [
        ("330106", "330106", EVERY),
        ("3301", "330106", EVERY),
        ("", "330106", EVERY),
        ("330106", "330100", {"comment"}),
        ("330105", "330106", {"comment"}),
        ("32", "330106", {"comment"}),
        ("33", None, {"comment"}),
        ("", None, EVERY),
    ],
)
def test_a_regulator_acts_where_the_bureau_is_in_their_division(division, bureau, acts):
    assert allowed(who(Role.REGULATOR, division), bureau) == acts


@pytest.mark.parametrize(
    ("assignee", "acts"),
    [
        ("somebody", {"comment", "resolve", "reopen"}),
        ("320100", {"comment", "resolve", "reopen"}),
        ("320500", {"comment"}),
        ("32010", {"comment"}),
        ("another", {"comment"}),
    ],
)
def test_to_whom_it_is_assigned_resolves_it_wherever_they_are(assignee, acts):
    assert allowed(who(Role.REGULATOR, "3201"), "330106", assignee) == acts


def test_nobody_else_does_more_than_comment():
    assert allowed(who(Role.INVESTIGATOR, ""), assignee="somebody") == {"comment"}
    for role in (Role.ADMIN, Role.PLATFORM, Role.PUBLISHER):
        assert allowed(who(role), assignee="somebody") == set()
