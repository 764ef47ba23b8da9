"""What was audited: proofs of it from the tables, and every kind of change is found."""

from __future__ import annotations

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.checkpoints import opened
from suyuan.domain.audit.errors import AuditError, ProofError
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.keys import SignatureType, SignerKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.operations.audit.cosigned import take_cosigned
from suyuan.operations.audit.proven import Named, proven
from suyuan.operations.audit.signer import sign_newest
from suyuan.operations.audit.stored import prove_consistency, prove_inclusion, read_entries
from suyuan.operations.audit.verify import Verified, verify
from suyuan.operations.audit.witness import OtherSize, Request, WitnessLog, cosign
from suyuan.operations.dead_letters.place import Place
from suyuan.queries.api import OfEvent
from suyuan.queries.open_tables import OpenTables
from tests.sinks.contract.checking import loaded
from tests.sinks.contract.views import load
from tests.streams.stages.published import event
from tests.streams.world import World

LOG = SignerKey("bureau.example/audit", b"l" * 32)
WITNESS = SignerKey("university.example/witness", b"w" * 32)
NOW = 1_900_000_000_000
PENALTIES = [event("penalty", at=at, decision_no=f"D{at}") for at in range(19)]
BUREAU, RECALL = event("bureau"), event("recall")


def played(penalties=PENALTIES, seed=3):
    world = World(2, seed)
    world.publish_events([*penalties, BUREAU, RECALL])
    world.publish("in.access", 1, b"k", b'{"type":"revoked"}')
    world.drain()
    return world


class Office:
    """One who signs, a witness, and the tables that somebody may change."""

    def __init__(self, clickhouse, folder):
        self.clickhouse = clickhouse
        self.queries = OpenTables(clickhouse)
        self.signed = folder / "signed"
        self.kept = WitnessLog(folder / "witness.jsonl")
        self.world = played()
        loaded(clickhouse, self.world)

    def sign(self):
        return sign_newest(self.queries, self.append, LOG, self.signed, NOW)

    def append(self, topic, values):
        load(self.clickhouse, topic, *values)

    def witness(self, note):
        size = opened(note, LOG.verifier()).size
        known = [opened(each, LOG.verifier()).size for each in self.kept.notes()]
        old = known[-1] if known else 0
        request = Request(old, tuple(prove_consistency(self.queries, old, size)), note)
        return cosign(Request.parse(str(request)), self.kept, LOG.verifier(), WITNESS, NOW)

    def faults(self):
        done = Verified()
        found = verify(
            self.queries,
            self.raw,
            done,
            log=LOG.verifier(),
            witnessed=self.kept.notes(),
            witnesses=[WITNESS.verifier(SignatureType.COSIGNATURE)],
            settled=NOW,
        )
        return {fault.kind for fault in found}

    def raw(self, places):
        return [self.world.log[place.topic, place.partition][place.offset][2] for place in places]

    def change(self, statement):
        self.clickhouse.writer.command(f"{statement} SETTINGS mutations_sync = 2")

    def forge(self, world):
        """All of the tables as if something else had happened, roots and nodes and all."""
        for table in ("audit_entry", "audit_node", "audit_root", "audit_checkpoint", "event_penalty"):
            self.clickhouse.writer.command(f"TRUNCATE TABLE {table}")
        self.world = world
        loaded(self.clickhouse, world, but=("event.bureau", "event.recall", "event.listing"))


EDITED = {
    "the row of an event": ("ALTER TABLE event_penalty UPDATE amount_fen = 0 WHERE decision_no = 'D7'", "edited"),
    "the digest of a row": ("ALTER TABLE audit_entry UPDATE digest = reverse(digest) WHERE leaf_index = 7", "edited"),
    "the bytes of an entry": ("ALTER TABLE audit_entry UPDATE raw = concat(raw, 'x') WHERE leaf_index = 7", "edited"),
    "the hash of an entry": ("ALTER TABLE audit_entry UPDATE nodes = [leaf] WHERE leaf_index = 7", "moved"),
    "a root that nobody signed": ("ALTER TABLE audit_root DELETE WHERE size < 22", None),
    "a signature": ("ALTER TABLE audit_checkpoint UPDATE note = replaceOne(note, '22', '21') WHERE 1", "unsigned"),
    "an entry that is gone": ("ALTER TABLE audit_entry DELETE WHERE leaf_index = 7", "missing"),
    "the last entries": ("ALTER TABLE audit_entry DELETE WHERE leaf_index > 15", "cut"),
    "a row that is gone": ("ALTER TABLE event_penalty DELETE WHERE decision_no = 'D7'", "missing"),
    "a second entry at a place": (
        "INSERT INTO audit_entry SELECT * REPLACE (reverse(leaf) AS leaf) FROM audit_entry WHERE leaf_index = 7",
        "twice",
    ),
    "a row of no entry": (
        "INSERT INTO event_penalty SELECT * REPLACE ('z' AS event_id) FROM event_penalty WHERE decision_no = 'D7'",
        "unentered",
    ),
}


class AuditingContract:
    @pytest.fixture
    def office(self, clickhouse, tmp_path):
        office = Office(clickhouse, tmp_path)
        office.witness(office.sign())
        return office

    def test_what_nobody_touched_is_right(self, office):
        assert office.faults() == set()
        assert office.sign() is None
        (entries,) = read_entries(office.queries)
        assert [entry.leaf_index for entry in entries] == list(range(22))
        assert [entry.raw is None for entry in entries] == [entry.kind == "access" for entry in entries]

    def test_what_a_witness_handed_back_is_told_of(self, office):
        assert office.queries.audit_cosigned(EVERYTHING) is None
        cosigned = office.kept.notes()[-1]
        take_cosigned(office.queries, office.append, cosigned, LOG.verifier(), NOW + 1)
        found = office.queries.audit_cosigned(EVERYTHING)
        assert (found.size, found.at, Note.parse(found.note)) == (22, NOW + 1, cosigned)
        newest = office.queries.audit_newest(EVERYTHING)
        assert (newest.entries, newest.signed, newest.unsigned_since) == (22, found, None)

    def test_a_stranger_checks_a_proof(self, office):
        (entry,) = office.queries.audit_entries_of(
            EVERYTHING, OfEvent("penalty", PENALTIES[5]["publisher"], PENALTIES[5]["event_id"])
        )
        checkpoint = opened(office.kept.notes()[-1], LOG.verifier())
        proof = prove_inclusion(office.queries, entry.leaf_index, checkpoint.size)
        raw = bytes.fromhex(entry.raw)
        verify_inclusion(leaf_hash(raw), entry.leaf_index, checkpoint.size, proof, checkpoint.root)
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash(raw + b"x"), entry.leaf_index, checkpoint.size, proof, checkpoint.root)
        for old in range(checkpoint.size):
            prove_consistency(office.queries, old, checkpoint.size)

    def test_events_that_somebody_is_handed_are_proven(self, office):
        known, other = PENALTIES[5], PENALTIES[6]
        (entry,) = office.queries.audit_entries_of(
            EVERYTHING, OfEvent("penalty", known["publisher"], known["event_id"])
        )
        (raw,) = office.raw([Place(entry.source_topic, entry.source_partition, entry.source_offset)])

        def named(event, raw, **fields):
            named = Named("penalty", event["publisher"], event["event_id"], None, raw)
            return named._replace(**fields)

        late = event("penalty", at=60, decision_no="D60")
        office.world.publish_events([late])
        office.world.drain()
        loaded(office.clickhouse, office.world)
        asked = {
            "proven": named(known, raw),
            "wrong": named(other, b"something else"),
            "absent": named(known, b"", event_id="nobody's"),
            "unsigned": named(late, None),
            "not_audited": named(known, b"", kind="listing"),
        }
        seen, found = proven(office.queries, list(asked.values()))
        assert [each.state for each in found] == list(asked)
        path = [bytes.fromhex(each) for each in found[0].path]
        verify_inclusion(leaf_hash(raw), found[0].leaf_index, seen.checkpoint.size, path, seen.checkpoint.root)
        assert proven(office.queries, [asked["not_audited"]])[0] is None
        assert seen.checkpoint.size == 22

    @pytest.mark.parametrize("what", EDITED)
    def test_every_change_is_found(self, office, what):
        statement, kind = EDITED[what]
        if statement.startswith("INSERT"):
            office.clickhouse.writer.command(statement)
        else:
            office.change(statement)
        found = office.faults()
        assert kind in found if kind else not found

    def test_two_entries_that_changed_places(self, office):
        rows = "SELECT * REPLACE (if(leaf_index = 3, 9, 3) AS leaf_index) FROM audit_entry WHERE leaf_index IN (3, 9)"
        office.clickhouse.writer.command(f"CREATE TABLE swapped ENGINE = Memory AS {rows}")
        office.change("ALTER TABLE audit_entry DELETE WHERE leaf_index IN (3, 9)")
        office.clickhouse.writer.command("INSERT INTO audit_entry SELECT * FROM swapped")
        office.clickhouse.writer.command("DROP TABLE swapped")
        assert {"moved", "forked"} <= office.faults()

    def test_a_forged_tree_is_found_by_who_kept_a_checkpoint(self, office):
        """Tables, roots, nodes and signatures agree with one another: the log's own key was used."""
        office.forge(played(PENALTIES[1:]))
        with pytest.raises(AuditError, match="was cut"):
            office.sign()
        office.signed.unlink()
        forged = office.sign()
        assert office.faults() == {"cut"}
        with pytest.raises(OtherSize):
            cosign(Request(0, (), forged), office.kept, LOG.verifier(), WITNESS, NOW)

    def test_a_fork_of_the_same_size_or_more(self, office):
        others = [*PENALTIES[1:], *(event("penalty", at=at, decision_no=f"N{at}") for at in range(5))]
        office.forge(played(others))
        with pytest.raises(ProofError):
            office.sign()
        office.signed.unlink()
        forged = office.sign()
        assert office.faults() == {"forked"}
        with pytest.raises(ProofError):
            office.witness(forged)
        assert len(office.kept.notes()) == 1

    def test_a_log_that_goes_on_is_witnessed_again(self, office):
        office.world.publish_events([event("penalty", at=50, decision_no="D50")])
        office.world.drain()
        loaded(office.clickhouse, office.world)
        note = office.witness(office.sign())
        assert opened(note, LOG.verifier()).size == 23
        assert office.faults() == set()
        assert len(office.kept.notes()) == 2

    def test_a_signer_on_another_machine_goes_on_from_its_own_checkpoints(self, office):
        office.signed.unlink()
        assert office.sign() is None
        office.change("ALTER TABLE audit_root DELETE WHERE size > 10")
        with pytest.raises(AuditError, match="was cut"):
            office.sign()

    def test_a_line_of_the_witness_that_was_changed(self, office):
        note = office.kept.notes()[0]
        (other,) = [Note(note.text.replace("22", "21"), note.signatures)]
        office.kept.append(other, NOW)
        assert office.faults() == {"unsigned"}
