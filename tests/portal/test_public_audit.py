"""Signed checkpoints by the portal, on both shapes: anybody reads them, and nothing else of the audit."""

from __future__ import annotations

import pytest

from suyuan.domain.audit.checkpoints import opened
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_consistency
from suyuan.operations.audit.signer import sign_newest
from suyuan.operations.audit.witness import Request
from suyuan.queries.open_tables import OpenTables
from tests.sinks.contract.auditing import LOG, NOW, played
from tests.sinks.contract.views import load
from tests.streams.stages.published import event

TOPICS = ("audit.entry", "audit.root")


@pytest.fixture(scope="module")
def sign(portal, tmp_path_factory):
    """Have the tables what a system says of its audit so far, and sign it."""
    world, signed, loaded = played(), tmp_path_factory.mktemp("signer") / "signed", dict.fromkeys(TOPICS, 0)

    def append(topic, values):
        load(portal.clickhouse, topic, *values)

    def made(*events):
        world.publish_events(events)
        world.drain()
        for topic in TOPICS:
            values = [value for at in range(world.partitions) for *_, value in world.log[topic, at]]
            append(topic, values[loaded[topic] :])
            loaded[topic] = len(values)
        return sign_newest(OpenTables(portal.clickhouse), append, LOG, signed, NOW)

    return made


def test_anybody_reads_checkpoints_and_a_witness_is_given_proofs(portal, sign):
    client = portal.client()
    answer = client.get("/public/checkpoint")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no checkpoint was signed yet")
    assert client.get("/public/checkpoints").json() == {"rows": [], "next": None}

    first, second = sign(), sign(event("penalty", at=60, decision_no="D60"))
    answer = client.get("/public/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == str(second)
    newest, former = opened(second, LOG.verifier()), opened(first, LOG.verifier())
    assert (newest.size, former.size) == (23, 22)
    for old, root in ((22, former.root), (0, None), (23, newest.root)):
        request = Request.parse(client.get("/public/checkpoint/request", params={"old": old}).text)
        assert (request.old_size, request.note) == (old, second)
        if root is not None:
            verify_consistency(old, root, newest.size, newest.root, request.proof)

    rows = client.get("/public/checkpoints").json()["rows"]
    assert [(row["size"], row["root"]) for row in rows] == [(22, former.root.hex()), (23, newest.root.hex())]
    assert [Note.parse(row["note"]) for row in rows] == [first, second]
    found = client.get("/public/checkpoints", params={"from": 23}).json()
    assert ([row["size"] for row in found["rows"]], found["next"]) == ([23], 24)
    assert client.get("/public/checkpoints", params={"from": 24}).json()["rows"] == []


@pytest.mark.parametrize(
    ("query", "status"), [({"old": "24"}, 400), ({"old": "-1"}, 422), ({"old": "x"}, 422), ({}, 422)]
)
def test_what_makes_no_sense_is_refused(portal, sign, query, status):
    sign()
    assert portal.client().get("/public/checkpoint/request", params=query).status_code == status
    assert portal.client().get("/public/checkpoints", params={"from": "' OR 1=1 --"}).status_code == 422
