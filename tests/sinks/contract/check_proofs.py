"""Proofs that plan and freeze of a check are in the log, from the tables to the stranger's file."""

from __future__ import annotations

import runpy
import sys

import pytest

from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.keys import SignatureType, SignerKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.checks.bodies import canonical
from suyuan.domain.checks.stage import Check
from suyuan.operations.audit.cosigned import take_cosigned
from suyuan.operations.audit.signer import TOPIC, checkpoint_block
from suyuan.operations.spot_checks import steps
from suyuan.operations.spot_checks.proofs import proofs_of, witnessed
from tests.operations.spot_checks.test_verify_log import SCRIPT
from tests.sinks.contract.auditing import LOG, WITNESS, Office
from tests.sinks.contract.checking import loaded
from tests.spot_checks import BEACON, drawn

FILES = drawn()
CHECK = Check(FILES.plan, FILES.freeze)
WITNESS_KEY = WITNESS.verifier(SignatureType.COSIGNATURE)
BEFORE, AFTER = BEACON.at - 60_000, BEACON.at + 60_000


class Bureau(Office):
    """An office that publishes acts on checks."""

    def act(self, *bodies):
        self.world.publish_events(
            {"kind": "check_act", **steps.event(body, actor="li", now=BEACON.at)} for body in bodies
        )
        self.world.drain()
        loaded(self.clickhouse, self.world)

    def cosigned(self, note, now, key=WITNESS):
        return note.signed(key.cosign(note.text, now // 1000))

    def take(self, note):
        return take_cosigned(self.queries, self.append, note, LOG.verifier(), AFTER)

    def proofs(self):
        return proofs_of(self.queries, CHECK)


class CheckProofsContract:
    @pytest.fixture
    def bureau(self, clickhouse, tmp_path):
        return Bureau(clickhouse, tmp_path)

    def test_what_is_missing_is_said(self, bureau):
        assert bureau.proofs().missing == "the plan has no entry in the audit"
        bureau.act(FILES.plan)
        assert bureau.proofs().missing == "the freeze has no entry in the audit"
        assert witnessed(bureau.queries, CHECK) is None
        bureau.sign()
        bureau.act(FILES.freeze)
        assert bureau.proofs().missing.startswith("no checkpoint of the audit with the freeze in it")
        bureau.sign()
        assert bureau.proofs().missing is None

    def test_what_a_witness_saw_in_time_is_taken(self, bureau, tmp_path, monkeypatch, capsys):
        bureau.act(FILES.plan, FILES.freeze)
        first = bureau.sign()
        bureau.take(bureau.cosigned(first, BEFORE))
        bureau.take(bureau.cosigned(first, AFTER, SignerKey("press.example/witness", b"p" * 32)))
        bureau.act(FILES.randomness)
        bureau.take(bureau.cosigned(bureau.sign(), AFTER))
        proofs = bureau.proofs()
        assert Note.parse(proofs.checkpoint).text == first.text
        assert len(Note.parse(proofs.checkpoint).signatures) == 3
        assert witnessed(bureau.queries, CHECK).witnesses_before(BEACON.at) == [WITNESS.name]
        FILES.write(tmp_path)
        (tmp_path / "proofs.json").write_bytes(canonical(proofs))
        monkeypatch.setattr(sys, "argv", ["verify_log.py", str(tmp_path), str(LOG.verifier()), str(WITNESS_KEY)])
        runpy.run_path(str(SCRIPT), run_name="__main__")
        assert f"it was seen by: {WITNESS.name}\n" in capsys.readouterr().out

    def test_a_tree_that_is_not_the_signed_one_proves_nothing(self, bureau):
        bureau.act(FILES.plan, FILES.freeze)
        forged = Checkpoint(LOG.name, 24, b"x" * 32)
        bureau.append(TOPIC, [checkpoint_block(forged, forged.signed(LOG), BEFORE)])
        assert "in the tree of 24 with this root" in bureau.proofs().missing
        bureau.change("ALTER TABLE audit_node DELETE WHERE level > 1")
        assert "suyuan audit verify" in bureau.proofs().missing

    def test_what_no_witness_gave_back_is_not_kept(self, bureau):
        note = bureau.sign()
        with pytest.raises(AuditError, match="nobody has cosigned"):
            bureau.take(note)
        with pytest.raises(AuditError, match="is not one of this text"):
            bureau.take(bureau.cosigned(Note(note.text.replace("22", "21"), note.signatures), BEFORE))
        with pytest.raises(AuditError, match="another root"):
            bureau.take(bureau.cosigned(Checkpoint(LOG.name, 22, b"x" * 32).signed(LOG), BEFORE))
