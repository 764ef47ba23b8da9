"""`suyuan audit`: whether what was audited is as it was, and proofs of it for others."""

from __future__ import annotations

import secrets
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import print_json, put, say
from suyuan.domain.audit.checkpoints import opened
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.keys import KEY_BYTES, SignatureType, SignerKey, VerifierKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.domain.evidence import evidence_parts
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.audit.asking import ask_for_checkpoint
from suyuan.operations.audit.cosigned import take_cosigned
from suyuan.operations.audit.stored import entry_name, prove_consistency, prove_inclusion, stored_entries
from suyuan.operations.audit.verify import Verified
from suyuan.operations.audit.verify import verify as verify_all
from suyuan.operations.audit.witness import Request, WitnessLog, cosign, newest_kept
from suyuan.queries.answers import AuditHead
from suyuan.queries.api import OfEvent, Queries
from suyuan.runtime.audit_signing import AuditSigning, audit_signing
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings, load
from suyuan.streams.stages.audit_records import KEY

SETTLED_MS = 60_000
SHOWN = 20
"""faults of each kind that are told one by one"""

app = typer.Typer(no_args_is_help=True, help="What cannot be rewritten: the audit's tree.")

LogKey = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="The log's public key, name+id+key.", show_default=False),
]


@app.callback()
def _audit() -> None:
    """What cannot be rewritten: the audit's tree."""


@app.command("verify")
def verify(
    key: LogKey = None,
    witness: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What a witness kept.", show_default=False)
    ] = None,
    witness_key: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="The witness's public key.", show_default=False)
    ] = None,
    data: Data = None,
    kafka: Kafka = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Hash everything that was audited anew, and compare: entries, roots, signatures, what a witness kept, and the
    rows of the events. Ends with 1 where something is not as it was.
    """
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    done = Verified()
    log = VerifierKey.parse(key) if key else _public_key(settings)
    kept = [] if witness is None else WitnessLog(witness).notes()
    if witness is not None and not kept:
        raise SuyuanError(f"{witness}: no checkpoint is in it", ErrorKind.USAGE)
    with deployment.queries() as queries:
        faults = list(
            verify_all(
                queries,
                deployment.raw_events,
                done,
                log=log,
                witnessed=kept,
                witnesses=[VerifierKey.parse(each) for each in witness_key or ()],
                settled=_now() - SETTLED_MS,
            )
        )
    if as_json:
        print_json([{"kind": each.kind, "text": each.text} for each in faults])
    else:
        told: dict[str, int] = {}
        for fault in faults:
            told[fault.kind] = told.get(fault.kind, 0) + 1
            if told[fault.kind] <= SHOWN:
                put(f"{fault.kind}: {fault.text}")
        for kind, count in told.items():
            if count > SHOWN:
                put(f"{kind}: {count - SHOWN:,} more")
    say(
        f"{done.entries:,} entries, {done.roots:,} roots, {done.checkpoints:,} signed checkpoints, "
        f"{done.witnessed:,} of a witness; root {done.root}"
    )
    if log is None:
        say("signatures were not looked at: name the log's public --key")
    if faults:
        raise SuyuanError(f"{len(faults):,} faults: something was changed")
    say("all of it is as it was")


@app.command("prove")
def prove(
    evidence: Annotated[str, typer.Argument(metavar="EVIDENCE", help="Of an event: kind/publisher/event_id~digest.")],
    data: Data = None,
    kafka: Kafka = None,
) -> None:
    """Print, as JSON, the bytes of an event, its place, the newest signed checkpoint and the proof that the event is in
    it: all that a stranger needs, who has the log's public key.
    """
    parts = evidence_parts(evidence)
    if parts is None or parts.kind is None:
        raise SuyuanError(f"{evidence}: no evidence id (kind/publisher/event_id~digest)", ErrorKind.USAGE)
    deployment = deployment_of(load(data=data, kafka=kafka))
    with deployment.queries() as queries:
        found = queries.audit_entries_of(EVERYTHING, OfEvent(parts.kind, parts.publisher, parts.event_id))
        found = [each for each in found if (each.digest or "").startswith(parts.version)]
        if not found:
            raise SuyuanError(f"{evidence} has no entry in the audit")
        head = _newest_signed(queries)
        for entry in found:
            (stored,) = stored_entries([entry], deployment.raw_events)
            if entry.leaf_index >= head.size:
                raise SuyuanError(f"{entry_name(entry)} is newer than what was signed last", ErrorKind.UNAVAILABLE)
            proof = prove_inclusion(queries, entry.leaf_index, head.size)
            if stored.raw is not None:
                verify_inclusion(leaf_hash(stored.raw), entry.leaf_index, head.size, proof, bytes.fromhex(head.root))
            print_json(
                [
                    {
                        "evidence": entry_name(entry),
                        "leaf_index": entry.leaf_index,
                        "raw": None if stored.raw is None else b64encode(stored.raw).decode(),
                        "leaf_hash": b64encode(stored.leaf).decode(),
                        "proof": [b64encode(each).decode() for each in proof],
                        "checkpoint": head.note,
                    }
                ]
            )


@app.command("checkpoint")
def checkpoint(
    old: Annotated[int, typer.Option(help="Entries of the checkpoint that the witness has.")] = 0,
    data: Data = None,
    kafka: Kafka = None,
) -> None:
    """Print the newest signed checkpoint for a witness, with the proof that it goes on from the one that the witness
    has (C2SP tlog-witness).
    """
    with deployment_of(load(data=data, kafka=kafka)).queries() as queries:
        head = _newest_signed(queries)
        proof = prove_consistency(queries, old, head.size)
    sys.stdout.write(str(Request(old, tuple(proof), Note.parse(head.note or ""))))


@app.command("witness")
def witness(
    at: Annotated[
        str,
        typer.Option(
            metavar="URL|FILE",
            help="The log's portal, or what suyuan audit checkpoint printed; -: standard input.",
        ),
    ],
    file: Annotated[Path, typer.Option(metavar="FILE", help="What the witness keeps: another body, on another disk.")],
    key: Annotated[str, typer.Option("--key", metavar="KEY", help="The log's public key, name+id+key.")],
    key_file: Annotated[Path, typer.Option(metavar="FILE", help="The witness's private key, of suyuan audit key.")],
) -> None:
    """Check that a checkpoint goes on from the last one that was kept, cosign it, keep it, and print it. Of a portal
    that has no newer one there is nothing to keep.
    """
    log, own, kept = VerifierKey.parse(key), SignerKey.parse(_text(key_file)), WitnessLog(file)
    if not at.startswith(("https://", "http://")):
        request = Request.parse(sys.stdin.read() if at == "-" else _text(Path(at)))
    else:
        known = newest_kept(kept, log)
        request = ask_for_checkpoint(at, known.size)
        if known.size and opened(request.note, log) == known:
            say(f"{known.size:,} entries are kept already")
            return
    sys.stdout.write(str(cosign(request, kept, log, own, _now())))


@app.command("cosigned")
def cosigned(
    at: Annotated[Path, typer.Option(metavar="FILE", help="What the witness printed; -: standard input.")],
    key: LogKey = None,
    data: Data = None,
    kafka: Kafka = None,
) -> None:
    """Keep a checkpoint that a witness cosigned, for proofs that others are handed."""
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    log = VerifierKey.parse(key) if key else _public_key(settings)
    if log is None:
        raise SuyuanError("name the log's public --key", ErrorKind.USAGE)
    note = Note.parse(sys.stdin.read() if str(at) == "-" else _text(at))
    with deployment.queries() as queries:
        taken = take_cosigned(queries, lambda topic, values: deployment.append(topic, KEY, values), note, log, _now())
    say(f"kept the checkpoint of {taken.size:,} entries")


@app.command("sign")
def sign(data: Data = None, kafka: Kafka = None) -> None:
    """Sign a checkpoint of all entries there are, if they go on from what was signed last."""
    signing = _signing(load(data=data, kafka=kafka))
    note = signing.sign(_now())
    if note is None:
        say("it is signed already")
        return
    say(f"signed {opened(note, signing.key.verifier()).size:,} entries as {signing.key.name}")


@app.command("backfill")
def backfill(data: Data = None, kafka: Kafka = None) -> None:
    """Send what was published before the audit existed to its tree, in the order of topic, partition and offset. What
    is in the tree already is not appended again.
    """
    say(f"{deployment_of(load(data=data, kafka=kafka)).backfill_audit():,} events sent to the audit")


@app.command("key")
def key(
    name: Annotated[str, typer.Argument(help="Of the log or witness, such as bureau.example/audit.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the private key is written; must not be there.")],
) -> None:
    """Make a key, and print its public keys: as a log's, and as a witness's."""
    made = SignerKey(name, secrets.token_bytes(KEY_BYTES))
    try:
        out.touch(0o600, exist_ok=False)
        out.write_text(f"{made.private_text()}\n", encoding="utf-8")
    except FileExistsError:
        raise SuyuanError(f"{out} is there already", ErrorKind.USAGE) from None
    except OSError as error:
        raise SuyuanError(f"{out}: {error.strerror}") from None
    put(f"log      {made.verifier()}")
    put(f"witness  {made.verifier(SignatureType.COSIGNATURE)}")


def _newest_signed(queries: Queries) -> AuditHead:
    signed = queries.audit_newest(EVERYTHING).signed
    if signed is None:
        raise SuyuanError("no checkpoint was signed yet: suyuan audit sign", ErrorKind.UNAVAILABLE)
    return signed


def _signing(settings: Settings) -> AuditSigning:
    signing = audit_signing(settings)
    if signing is None:
        raise SuyuanError("SUYUAN_AUDIT_KEY_FILE names no key: suyuan audit key makes one", ErrorKind.CONFIGURATION)
    return signing


def _public_key(settings: Settings) -> VerifierKey | None:
    signing = audit_signing(settings)
    return None if signing is None else signing.key.verifier()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuyuanError(f"{file}: {error}", ErrorKind.USAGE) from None


def _now() -> int:
    return time.time_ns() // 1_000_000
