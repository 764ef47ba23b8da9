"""What follows from what somebody wants to do with alerts."""

from __future__ import annotations

import random
from concurrent.futures import Future

import msgspec
import pytest

from suyuan.access.principal import Principal, Role, scope_of
from suyuan.connections.log_errors import LogUnavailable
from suyuan.domain.alerts.acts import ACTS
from suyuan.domain.alerts.life import fold
from suyuan.domain.alerts.notes import BadNote, is_of
from suyuan.domain.calendar import DAY_MS
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.alerts.acting import MOST_ALERTS, Seen, Wanted, overlaid, prepared, publish
from suyuan.operations.alerts.notes import erase_note
from suyuan.operations.alerts.outward import BLOCK, alerts_in, outward
from suyuan.publishing.files.outlet import Taken
from suyuan.schemas.blocks import decode_block
from suyuan.schemas.events import decode_event
from suyuan.schemas.validation import InvalidEvent
from tests.sinks.rows import alert as alert_row
from tests.sinks.rows import block

NOW = 1_790_000_000_000
DAY = 86_400_000


def alert(number=1, **fields):
    return Seen(**{"alert_id": f"{number:032x}", "basis": f"b{number}", "bureau": "330106"} | fields)


def test_what_acts_are_made_of_is_the_same_in_whichever_form_an_alert_is_read():
    people = {"handling": "acknowledged", "acknowledged_until": NOW, "basis": "b", "bureau": "330106"}
    for state, standing in (("raised", True), ("cleared", False)):
        (read,) = alerts_in(block(BLOCK, alert_row("a", state=state, newest_listed_at=NOW, **people)))
        told = {"alert_id": "a", "standing": standing, "newest_listed_at": NOW, **people}
        assert Seen.of(read, NOW) == Seen.of(outward(read), NOW) == Seen(**told)


def somebody(role=Role.REGULATOR, division="3301", id_="oidc:li"):
    return Principal(id_, role, "李", scope_of(role, division), (), "session", NOW + DAY)


def do(act, *alerts, who=None, seed=1, **wanted):
    chance = random.Random(seed).randbytes
    return prepared(who or somebody(), alerts or [alert()], Wanted(act=act, **wanted), now=NOW, chance=chance)


def refused_field(act, **wanted):
    with pytest.raises(InvalidEvent) as refused:
        do(act, **wanted)
    return refused.value.field


class Log:
    """An outlet that keeps what it is given."""

    def __init__(self, failure=None):
        self.taken, self.failure = [], failure

    def append(self, named, values):
        self.taken += [(named.kind, key, value) for key, value in zip(named.keys, values, strict=True)]
        done = Future()
        done.set_result(Taken([True] * len(values), failure=self.failure if named.kind == "alert_act" else None))
        return done


def test_an_act_says_who_did_it_when_and_on_what_basis():
    (doing,) = do("resolve", resolution="confirmed", takedown=True).doing
    assert {name: getattr(doing.act, name) for name in ("alert_id", "act", "actor", "basis", "publisher")} == {
        "alert_id": f"{1:032x}",
        "act": "resolve",
        "actor": "oidc:li",
        "basis": "b1",
        "publisher": "SUYUAN",
    }
    assert (doing.act.occurred_at, doing.act.note_id, doing.act.note_hash) == (NOW, None, None)
    assert (doing.outcome, doing.after.handling, doing.after.resolution, doing.after.takedown) == (
        "done", "resolved", "confirmed", True,
    )  # fmt: skip


def test_many_alerts_have_one_note_and_each_an_act_of_its_own():
    what = do("assign", *map(alert, range(MOST_ALERTS)), assignee="330106", note="电话 13912345678")
    assert len({each.act.event_id for each in what.doing}) == len(what.doing) == MOST_ALERTS
    assert what.note.alert_id is None
    assert "139" not in what.note.text
    assert all(is_of(what.note, each.act.note_id, each.act.note_hash) for each in what.doing)
    assert do("comment", note="x").note.alert_id == f"{1:032x}"


def test_what_is_asked_wrongly_is_told_before_anything_happens():
    with pytest.raises(SuyuanError, match="501 alerts at once: at most 500"):
        do("reopen", *map(alert, range(MOST_ALERTS + 1)))
    with pytest.raises(SuyuanError, match="named twice"):
        do("reopen", alert(), alert())
    with pytest.raises(BadNote):
        do("comment", note=" ")
    assert refused_field("assign") == "assignee"
    assert refused_field("resolve") == "resolution"
    assert refused_field("acknowledge", until=NOW + 31 * DAY) == "until"
    assert refused_field("acknowledge", resolution="other") == "resolution"
    assert refused_field("comment") == "note_id"


def test_alerts_of_others_and_in_another_state_are_told_and_the_rest_is_done():
    what = do("acknowledge", alert(1), alert(2, bureau="320106"), alert(3, handling="resolved"), note="x")
    assert [each.act.alert_id for each in what.doing] == [alert(1).alert_id]
    assert [(each.alert_id, each.why) for each in what.refused] == [
        (alert(2).alert_id, "bureau"),
        (alert(3).alert_id, "state"),
    ]
    assert "330106" not in what.refused[0].reason
    assert what.refused[1].reason == "it is resolved, so it cannot be acknowledged"
    (refused,) = do("assign", who=somebody(Role.INVESTIGATOR, ""), assignee="x", note="x").refused
    assert refused.why == "role"
    assert do("assign", who=somebody(Role.INVESTIGATOR, ""), assignee="x", note="x").note is None, "nobody needs it"


def test_a_listing_that_is_dated_later_makes_a_resolution_lapse_and_that_is_told():
    (doing,) = do("resolve", alert(newest_listed_at=NOW + DAY_MS), resolution="other").doing
    assert (doing.outcome, doing.after.handling) == ("lapsed", "open")
    (doing,) = do("resolve", alert(newest_listed_at=NOW + DAY_MS), resolution="false_alarm").doing
    assert (doing.outcome, doing.after.handling) == ("done", "resolved")


def test_the_note_is_appended_before_the_acts_and_the_same_again_is_the_same():
    log = Log()
    what = do("comment", alert(1), alert(2), note="看过")
    publish(log, what)
    kinds = [kind for kind, _, _ in log.taken]
    assert kinds == ["note", "alert_act", "alert_act"]
    ((row,), *events) = decode_block(log.taken[0][2], "note").to_dicts(), *log.taken[1:]
    assert (row["note_id"], row["text"], row["author"], row["written_at"]) == (
        what.note.note_id,
        "看过",
        "oidc:li",
        NOW,
    )
    for doing, (_, key, value) in zip(what.doing, events, strict=True):
        kind, event = decode_event(value)
        assert (kind, event["alert_id"], event["note_id"]) == ("alert_act", doing.act.alert_id, what.note.note_id)
        assert key.decode() == f"{doing.act.alert_id}\x1fSUYUAN\x1f{doing.act.event_id}"
    again = Log()
    publish(again, do("comment", alert(1), alert(2), note="看过"))
    assert again.taken == log.taken
    publish(log, do("reopen"))
    assert len(log.taken) == 3, "what is refused is not there"


def test_a_log_that_does_not_answer_is_told():
    with pytest.raises(LogUnavailable):
        publish(Log(LogUnavailable("away")), do("comment", note="x"))


def test_an_erased_note_takes_the_place_of_what_was_written():
    log = Log()
    erase_note(log, "n1", NOW)
    ((kind, key, value),) = log.taken
    (row,) = decode_block(value, "note").to_dicts()
    assert (kind, key) == ("note", b"n1")
    assert {name for name, said in row.items() if said is not None} == {"note_id", "erased_at"}


@pytest.mark.parametrize("act", ACTS)
def test_what_one_has_done_is_seen_at_once_and_not_twice_when_it_comes_back(act):
    before = {"unacknowledge": "acknowledged", "reopen": "resolved"}.get(act, "open")
    own = {"assign": {"assignee": "li"}, "resolve": {"resolution": "other"}, "comment": {"note": "x"}}.get(act, {})
    seen = alert(handling=before)
    (doing,) = do(act, seen, **own).doing
    once, _ = overlaid(seen, [doing.act])
    assert once == doing.after
    assert overlaid(once, [doing.act])[0] == once


def test_several_acts_are_seen_as_the_fold_will_have_them():
    wanted = [("acknowledge", {}), ("assign", {"assignee": "li"}), ("resolve", {"resolution": "confirmed"})]
    seen, acts = alert(newest_listed_at=NOW - 1), []
    for at, (act, own) in enumerate(wanted):
        doing = do(act, seen, seed=at, **own).doing[0].act
        acts.append(msgspec.structs.replace(doing, occurred_at=NOW + at))
    shown, outcomes = overlaid(seen, acts[::-1])
    life = fold(acts, standing=True, basis="b1", newest_listed_at=NOW - 1)
    assert (shown.handling, shown.resolution, outcomes) == ("resolved", "confirmed", ["done"] * 3)
    assert (life.handling, life.resolution) == (shown.handling, shown.resolution)
    assert ErrorKind.USAGE is BadNote.kind
