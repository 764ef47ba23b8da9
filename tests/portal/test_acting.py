"""Acts and notes in the log of either shape, from there in the tables, and a note that is erased."""

from __future__ import annotations

import random

import pytest

from suyuan.access.principal import Principal, Role, scope_of
from suyuan.operations.alerts.acting import Seen, Wanted, prepared, publish
from suyuan.operations.alerts.notes import TOPIC
from suyuan.schemas.blocks import decode_block
from suyuan.schemas.events import decode_event
from tests.sinks.contract.views import load

ALERTS = [Seen(alert_id=f"{number:032x}", basis="b", bureau="330106") for number in range(3)]


@pytest.fixture
def doing(portal):
    """What a regulator does, of other ids for each shape: modules share a broker."""
    who = Principal("oidc:li", Role.REGULATOR, "李", scope_of(Role.REGULATOR, "33"), (), "session", 1 << 50)
    chance = random.Random(portal.settings.clickhouse_database).randbytes
    wanted = Wanted(act="resolve", resolution="false_alarm", note="已核实,不是同一批")
    return prepared(who, ALERTS, wanted, now=int(portal.time() * 1000), chance=chance)


def messages(portal, topic):
    with portal.deployment.tail([topic], {}) as tail:
        found = []
        while read := tail.read():
            found += [value for each in read for value in each.values if value is not None]
        return found


def notes(portal, note_id):
    return [value for value in messages(portal, TOPIC) if decode_block(value, "note")["note_id"].item() == note_id]


def test_acts_and_their_note_come_in_and_the_note_is_erased(portal, doing):
    with portal.deployment.outlet() as outlet:
        publish(outlet, doing)
        publish(outlet, doing)
    note_id = doing.note.note_id
    acts = {
        event["event_id"]: event
        for _, event in map(decode_event, messages(portal, "in.alert_act"))
        if event["note_id"] == note_id
    }
    assert [acts[each.act.event_id]["alert_id"] for each in doing.doing] == [each.alert_id for each in ALERTS]
    load(portal.clickhouse, TOPIC, *notes(portal, note_id))
    shown = f"SELECT text, author, erased_at FROM note_v WHERE note_id = '{note_id}'"  # noqa: S608 - an id of our own
    assert portal.clickhouse.writer.query(shown).result_rows == [("已核实,不是同一批", "oidc:li", None)]
    (wrote,) = notes(portal, note_id)
    portal.deployment.erase_note(note_id, int(portal.time() * 1000))
    left = notes(portal, note_id)
    assert (wrote in left) == (portal.shape == "cluster"), "where the brokers delete it within days"
    assert decode_block(left[-1], "note")["text"].item() is None
    load(portal.clickhouse, TOPIC, *notes(portal, note_id))
    ((text, author, erased_at),) = portal.clickhouse.writer.query(shown).result_rows
    assert (text, author) == (None, None)
    assert erased_at is not None
