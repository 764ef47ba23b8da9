"""The audit over a real broker and a server's tables: signed, witnessed, looked at; each kind of tampering is found."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from suyuan.domain.audit.checkpoints import opened
from suyuan.domain.audit.errors import ProofError
from suyuan.domain.audit.keys import SignatureType, SignerKey
from suyuan.operations.audit import metrics
from suyuan.operations.audit.stored import prove_consistency
from suyuan.operations.audit.verify import Verified, verify
from suyuan.operations.audit.witness import OtherSize, Request, WitnessLog, cosign
from suyuan.runtime.audit_signing import audit_signing
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.sinks.clickhouse import ClickHouse
from tests.cluster.tables import Tables
from tests.streams.stages.published import event

LOG = SignerKey("bureau.example/audit", b"l" * 32)
WITNESS = SignerKey("university.example/witness", b"w" * 32)
NOW = 1_900_000_000_000
EVENTS = [*(event("penalty", at=at, decision_no=f"D{at}") for at in range(19)), event("bureau"), event("recall")]
ENTRIES = len(EVENTS) + 1
"""and one of access"""

TAMPERINGS = {
    "edited row": ({"edited"}, "ALTER TABLE event_penalty UPDATE amount_fen = 0 WHERE decision_no = 'D7'"),
    "edited bytes": ({"edited"}, "ALTER TABLE audit_entry UPDATE raw = concat(raw, 'x') WHERE leaf_index = {one}"),
    "deleted": ({"missing", "cut", "unentered"}, "ALTER TABLE audit_entry DELETE WHERE leaf_index = {one}"),
    "deleted row": ({"missing"}, "ALTER TABLE event_penalty DELETE WHERE decision_no = 'D7'"),
    "swapped": (
        {"moved", "forked"},
        "ALTER TABLE audit_entry DELETE WHERE leaf_index IN ({one}, {other})",
        """INSERT INTO audit_entry SELECT * REPLACE ({one} + {other} - leaf_index AS leaf_index)
        FROM kept_audit_entry WHERE leaf_index IN ({one}, {other})""",
    ),
    "truncated": ({"cut", "unentered"}, "ALTER TABLE audit_entry DELETE WHERE leaf_index > 15"),
}
TABLES = ("event_penalty", "audit_entry", "audit_node")


@contextmanager
def kept_tables(clickhouse):
    """A function that makes them as they are now."""

    def mend():
        for table in TABLES:
            say(f"TRUNCATE TABLE {table}")
        for table in TABLES[::-1]:  # nodes first: they come of entries again
            say(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # noqa: S608 - fixed names

    say = clickhouse.writer.command
    for table in TABLES:
        say(f"CREATE TABLE kept_{table} ENGINE = Memory AS SELECT * FROM {table}")  # noqa: S608 - as above
    yield mend
    for table in TABLES:
        say(f"DROP TABLE kept_{table}")


class Bureau:
    """A system of its own: its topics, its tables, the file of its signer."""

    def __init__(self, cluster, tables, front, folder):
        self.cluster, self.tables = cluster, tables
        key = folder / "key"
        key.write_text(f"{LOG.private_text()}\n")
        self.settings = Settings(
            data=folder / "bureau",
            kafka=",".join(cluster.connection.servers),
            clickhouse=f"127.0.0.1:{front.port}",
            clickhouse_database=tables.database,
            audit_key_file=key,
            audit_signed_file=folder / "signed",
        )
        self.deployment = deployment_of(self.settings)
        self.cluster.begin_worker("worker")

    def publish(self, events):
        self.cluster.publish_events(events)
        self.deployment.append("in.access", "k", [b'{"type":"revoked"}'])
        self.cluster.wait_drained()

    def sign(self):
        return audit_signing(self.settings).sign(NOW)

    def witness(self, note, kept):
        known = [opened(each, LOG.verifier()).size for each in kept.notes()]
        old, size = known[-1] if known else 0, opened(note, LOG.verifier()).size
        with self.deployment.queries() as queries:
            request = Request(old, tuple(prove_consistency(queries, old, size)), note)
        return cosign(request, kept, LOG.verifier(), WITNESS, NOW)

    def look(self, kept):
        """(what was looked at, kinds of faults)"""
        done = Verified()
        with self.deployment.queries() as queries:
            found = verify(
                queries,
                self.deployment.raw_events,
                done,
                log=LOG.verifier(),
                witnessed=kept.notes(),
                witnesses=[WITNESS.verifier(SignatureType.COSIGNATURE)],
                settled=NOW,
            )
            return done, {fault.kind for fault in found}


@pytest.fixture
def begin(make_cluster, front, tmp_path):
    """A system that works, of no events yet."""

    def make():
        tables = Tables(front, tmp_path)
        return Bureau(make_cluster(partitions=2), tables, front, tmp_path)

    return make


def test_from_a_broker_to_a_witness_and_each_tampering_is_found(begin, front, tmp_path):
    kept = WitnessLog(tmp_path / "witness.jsonl")
    bureau = begin()
    bureau.publish(EVENTS)
    assert bureau.deployment.backfill_audit() == len(EVENTS)
    bureau.cluster.wait_drained()
    bureau.tables.load(bureau.cluster.connection)
    assert opened(bureau.witness(bureau.sign(), kept), LOG.verifier()).size == ENTRIES, "nothing is appended twice"
    bureau.tables.load(bureau.cluster.connection)
    assert bureau.sign() is None
    assert (metrics.ENTRIES._value.get(), metrics.SIGNED_ENTRIES._value.get()) == (ENTRIES, ENTRIES)
    done, found = bureau.look(kept)
    assert found == set()
    assert (done.entries, done.checkpoints, done.witnessed) == (ENTRIES, 1, 1)

    with (
        ClickHouse(replace(front.settings, database=bureau.tables.database), make=False) as clickhouse,
        kept_tables(clickhouse) as mend,
    ):
        query = "SELECT leaf_index FROM audit_entry WHERE kind = 'penalty' ORDER BY leaf_index LIMIT 2"
        (one,), (other,) = clickhouse.writer.query(query).result_rows
        for what, (faults, *statements) in TAMPERINGS.items():
            for statement in statements:
                changed = statement.format(one=one, other=other)
                clickhouse.writer.command(f"{changed} SETTINGS mutations_sync = 2")
            assert bureau.look(kept)[1] == faults, what
            mend()

    # the same key signs another history, of topics and tables that agree with one another
    forger = begin()
    forger.publish([*EVENTS[1:], event("penalty", at=70, decision_no="N"), event("penalty", at=71, decision_no="M")])
    forger.tables.load(forger.cluster.connection)
    with pytest.raises(ProofError):
        forger.sign()
    (tmp_path / "signed").unlink()
    forged = forger.sign()
    assert forger.look(kept)[1] == {"forked"}
    with pytest.raises(ProofError):
        forger.witness(forged, kept)
    with pytest.raises(OtherSize):
        cosign(Request(0, (), forged), kept, LOG.verifier(), WITNESS, NOW)
    assert len(kept.notes()) == 1
