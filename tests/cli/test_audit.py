"""The audit as a bureau and a stranger use it: signed, witnessed by another, proved, and looked at after a change."""

from __future__ import annotations

import json
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from suyuan.domain.audit.checkpoints import opened
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.keys import VerifierKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.eventlog.log import Log
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from tests.streams.stages.published import event

EVENTS = [event("penalty", at=at, decision_no=f"D{at}") for at in range(5)]


@pytest.fixture
def publish(suyuan, tmp_path):
    def publish(*events):
        file = tmp_path / "events.jsonl"
        file.write_text("".join(f"{json.dumps(each)}\n" for each in events))
        assert suyuan("publish", file).code == 0
        done = suyuan("run", "--once", own=True)
        assert done.code == 0, done.errors

    return publish


@pytest.fixture
def keys(suyuan, tmp_path):
    """Of the log and of the witness: the files of their private keys, and their public keys."""
    made = {}
    for name in ("bureau.example/audit", "university.example/witness"):
        file = tmp_path / f"{len(made)}.key"
        lines = suyuan("audit", "key", name, "--out", file).output.split()
        made[file] = dict(zip(lines[::2], lines[1::2], strict=True))
        assert file.stat().st_mode & 0o077 == 0
        assert suyuan("audit", "key", name, "--out", file).code == 2, "no key is written over"
    return made


def test_from_the_first_penalty_to_a_change_that_is_found(suyuan, publish, keys, tmp_path, data):
    (log_file, log), (witness_file, witness) = keys.items()
    signer = {"SUYUAN_AUDIT_KEY_FILE": str(log_file)}
    kept, request = tmp_path / "kept.jsonl", tmp_path / "request"

    def witnessed(old):
        request.write_text(suyuan("audit", "checkpoint", "--old", old).output)
        return suyuan(
            "audit", "witness", "--at", request, "--file", kept, "--key", log["log"], "--key-file", witness_file
        )

    def verify():
        options = ("--key", log["log"], "--witness", kept, "--witness-key", witness["witness"])
        return suyuan("audit", "verify", *options)

    publish(*EVENTS)
    assert suyuan("audit", "sign").code != 0, "without a key"
    assert suyuan("audit", "sign", **signer).code == 0
    assert suyuan("run", "--once", own=True).code == 0
    assert witnessed(0).code == 0
    assert witnessed(0).code != 0, "it knows more than that"

    publish(event("penalty", at=9, decision_no="D9"))
    assert "signed 6 entries" in suyuan("audit", "sign", **signer).errors
    assert suyuan("run", "--once", own=True).code == 0
    assert witnessed(5).code == 0
    assert verify().code == 0

    told = suyuan("audit", "prove", f"penalty/{EVENTS[2]['publisher']}/{EVENTS[2]['event_id']}").row
    checkpoint = opened(Note.parse(told["checkpoint"]), VerifierKey.parse(log["log"]))
    proof = [b64decode(each) for each in told["proof"]]
    verify_inclusion(leaf_hash(b64decode(told["raw"])), told["leaf_index"], checkpoint.size, proof, checkpoint.root)

    with ClickHouse(ClickHouseSettings(path=data / "clickhouse")) as tables:
        tables.writer.command("ALTER TABLE event_penalty UPDATE amount_fen = 0 WHERE 1 SETTINGS mutations_sync = 2")
    changed = verify()
    assert changed.code == 1
    assert changed.output.count("says something else") == 6


@pytest.fixture
def portal(suyuan):
    """Its address: it answers a witness as the portal does, by what `suyuan audit checkpoint` prints."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, old = self.path.partition("?old=")
            answer = suyuan("audit", "checkpoint", "--old", old)
            self.send_response(200 if path == "/public/checkpoint/request" and answer.code == 0 else 400)
            self.end_headers()
            self.wfile.write(answer.output.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_witness_asks_the_portal_of_the_log(suyuan, publish, keys, portal, tmp_path, data):
    (log_file, log), (witness_file, _) = keys.items()
    kept = tmp_path / "kept.jsonl"

    def witnessed(at=portal):
        return suyuan("audit", "witness", "--at", at, "--file", kept, "--key", log["log"], "--key-file", witness_file)

    publish(*EVENTS)
    assert witnessed().code != 0, "nothing was signed yet"
    for events in ([], [event("penalty", at=9, decision_no="D9")]):
        if events:
            publish(*events)
        assert suyuan("audit", "sign", SUYUAN_AUDIT_KEY_FILE=str(log_file)).code == 0
        assert suyuan("run", "--once", own=True).code == 0
        assert witnessed().code == 0
    assert "6 entries are kept already" in witnessed().errors

    with ClickHouse(ClickHouseSettings(path=data / "clickhouse")) as tables:
        tables.writer.command("DELETE FROM audit_checkpoint WHERE size = 6")
    assert witnessed().code != 0, "what it has is newer than what it is shown"
    assert witnessed("http://127.0.0.1:1").code != 0, "nobody is there"
    assert len(kept.read_text().splitlines()) == 2


def test_events_of_before_the_audit_get_in_once(suyuan, publish, data):
    """As if a former version had read them: the stages go on behind them, and the audit has no entry."""
    publish(*EVENTS)
    with Log.open(data, "process") as log:
        ends = log.end_offsets()
        assert any(end for (topic, _), end in ends.items() if topic == "audit.entry")
    assert "sent to the audit" in suyuan("audit", "backfill").errors
    assert suyuan("state", "rebuild").code == 0, "what comes again has its entry"
    assert suyuan("run", "--once", own=True).code == 0
    answer = suyuan("audit", "verify")
    assert answer.code == 0
    assert "5 entries" in answer.errors
