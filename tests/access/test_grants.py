"""Who has access is the sum of what was said, in any order; a credential is good until it is not."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from suyuan.access.events import (
    KeyGranted,
    LinkMade,
    LinkUsed,
    Revoked,
    SessionsEnded,
    UnreadableAccess,
    decode_access,
    encode_access,
    subject_of,
)
from suyuan.access.grants import Grants, Refused
from suyuan.access.keys import Key, digest, new_key, parse_key
from suyuan.access.principal import Role, kinds_of, scope_of
from suyuan.access.scope import Division, Platform, Publisher, Scope
from suyuan.errors import SuyuanError

KEY = new_key(Random(1).randbytes)
GIVEN = {"role": Role.REGULATOR, "name": "杭州", "created": 10, "expires": 100, "by": "command", "division": "3301"}
GRANTED = KeyGranted(id=KEY.id, digest=digest(KEY.secret), **GIVEN)
LINK = LinkMade(id=KEY.id, digest=digest(KEY.secret), **GIVEN)
SAID = [
    GRANTED,
    LINK,
    LinkUsed("a", 1),
    Revoked("b", 2, "c"),
    SessionsEnded(3, "d", session="e"),
    SessionsEnded(4, "f"),
]


def after(*events):
    grants = Grants()
    for event in events:
        grants.apply(event)
    return grants


def why(ask):
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.why


def test_a_key_is_read_as_it_was_written_and_nothing_else_is_a_key():
    assert len(str(KEY)) == len("sy_") + 12 + 1 + 43
    assert parse_key(str(KEY)) == KEY
    assert len({new_key(Random(seed).randbytes).id for seed in range(100)}) == 100
    for text in ("", "sy_", str(KEY) + "x", str(KEY)[:-1], str(KEY).upper(), " " + str(KEY), str(KEY) + "\n"):
        assert parse_key(text) is None


@pytest.mark.parametrize("event", SAID)
def test_what_is_said_of_access_is_read_as_it_was_written_and_holds_no_secret(event):
    assert decode_access(encode_access(event)) == event
    assert KEY.secret.encode() not in encode_access(event)
    assert isinstance(subject_of(event), str)


@pytest.mark.parametrize("value", [b"", b"{}", b'{"type":"nonsense"}', b"\xff", b'{"type":"revoked","id":1}'])
def test_what_is_no_event_of_access_is_refused(value):
    with pytest.raises(UnreadableAccess):
        decode_access(value)


def test_a_key_is_good_until_it_expires_or_is_revoked_whatever_came_first():
    found = after(GRANTED).by_key(str(KEY), 99)
    assert (found.id, found.role, found.scope, found.came) == (KEY.id, "regulator", Scope((Division("3301"),)), "key")
    assert why(lambda: after(GRANTED).by_key(str(KEY), 100)) == "expired"
    for order in permutations([GRANTED, GRANTED, Revoked(KEY.id, 50, "admin")]):
        assert why(lambda order=order: after(*order).by_key(str(KEY), 60)) == "revoked"


def test_each_other_credential_is_refused_for_its_own_reason():
    assert why(lambda: after().by_key(str(KEY), 1)) == "unknown"
    assert why(lambda: after(GRANTED).by_key("Bearer", 1)) == "malformed"
    assert why(lambda: after(GRANTED).by_key(str(Key(KEY.id, "A" * 43)), 1)) == "wrong secret"
    # of a key that is not theirs to know, nobody is told that it was revoked
    assert why(lambda: after(GRANTED, Revoked(KEY.id, 1, "x")).by_key(str(Key(KEY.id, "A" * 43)), 1)) == "wrong secret"


def test_a_link_is_no_key_and_is_good_once():
    assert why(lambda: after(LINK).by_key(str(KEY), 20)) == "unknown"
    assert why(lambda: after(GRANTED).by_link(str(KEY), 20)) == "unknown"
    assert after(LINK).by_link(str(KEY), 20).came == "session"
    assert why(lambda: after(LINK, LinkUsed(KEY.id, 15)).by_link(str(KEY), 20)) == "used"
    assert why(lambda: after(LINK).by_link(str(KEY), 100)) == "expired"


def test_of_several_uses_of_a_link_the_first_in_the_log_is_the_one():
    grants = after(LINK)
    assert grants.used_by(KEY.id) is None
    for use in ("one", "two", "one"):
        grants.apply(LinkUsed(KEY.id, 15, use))
    assert grants.used_by(KEY.id) == "one"
    assert after(LINK, LinkUsed(KEY.id, 15), LinkUsed(KEY.id, 16, "two")).used_by(KEY.id) == ""


def test_sessions_end_one_by_one_or_all_of_a_subject_that_began_before():
    grants = after(SessionsEnded(50, "x", session="one"), SessionsEnded(60, "x", subject="li"), Revoked("key", 1, "x"))
    grants.check_session("two", "wang", 10)
    grants.check_session("three", "li", 61)
    assert why(lambda: grants.check_session("one", "wang", 10)) == "revoked"
    assert why(lambda: grants.check_session("three", "li", 60)) == "revoked"
    assert why(lambda: grants.check_session("four", "key", 99)) == "revoked"


@pytest.mark.parametrize(
    ("role", "division", "code", "scope"),
    [
        (Role.REGULATOR, "33", None, Scope((Division("33"),))),
        (Role.INVESTIGATOR, "", None, Scope((Division(""),))),
        (Role.PLATFORM, None, "9133", Scope((Platform("9133"),))),
        (Role.PUBLISHER, None, "9133", Scope((Publisher("9133"),))),
        (Role.ADMIN, None, None, Scope(())),
    ],
)
def test_a_role_sees_what_it_is_for_and_is_given_nothing_else(role, division, code, scope):
    assert scope_of(role, division, code) == scope
    wrong = [("33", "9133"), (None, None)] if scope.parts else [("33", None), (None, "9133")]
    for each in wrong:
        with pytest.raises(SuyuanError):
            scope_of(role, *each)


def test_kinds_are_a_publishers_to_be_given_and_others_by_their_role():
    assert kinds_of(Role.PLATFORM) == ("listing",)
    assert kinds_of(Role.INVESTIGATOR) == ()
    assert kinds_of(Role.PUBLISHER, ("shipment", "lot")) == kinds_of(Role.PUBLISHER, ("lot", "shipment"))
    for role, kinds in [(Role.PUBLISHER, ()), (Role.PLATFORM, ("lot",)), (Role.PUBLISHER, ("listing",))]:
        with pytest.raises(SuyuanError):
            kinds_of(role, kinds)
