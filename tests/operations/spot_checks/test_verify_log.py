"""The stranger's other file: whether plan and freeze were in the log in time, and who saw it. It finds whatever was
changed, and says what is not shown.
"""

from __future__ import annotations

import json
import os
import random
import runpy
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.keys import SignatureType, SignerKey
from suyuan.domain.audit.nodes import NodeId
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import inclusion_proof
from suyuan.domain.audit.tree import Frontier
from suyuan.domain.checks.bodies import canonical
from suyuan.domain.checks.publication import LogEntry, Proofs
from suyuan.operations.spot_checks import steps
from suyuan.schemas.events import encode_event
from tests.operations.spot_checks.test_verify import VERIFY, publication, text
from tests.spot_checks import BEACON, drawn, plan

SCRIPT = VERIFY.with_name("verify_log.py")
LOG = SignerKey("bureau.example/audit", b"l" * 32)
WITNESS = SignerKey("university.example/witness", b"w" * 32)
OTHER = SignerKey("press.example/witness", b"p" * 32)
DUE = BEACON.at // 1000
LOG_KEY, WITNESS_KEY = str(LOG.verifier()), str(WITNESS.verifier(SignatureType.COSIGNATURE))
OTHER_KEY = str(OTHER.verifier(SignatureType.COSIGNATURE))


def raw_of(act):
    return encode_event("check_act", steps.event(act, actor="li", now=1_595_431_000_000))


def logged(files, *, at=DUE - 60, size=9, places=(3, 6), cosigned=(WITNESS,)):
    """The proofs of a log of so many entries, among which plan and freeze are."""
    entries = [b"entry %d" % each for each in range(size)]
    acts = {"plan": files.plan, "freeze": files.freeze}
    for place, act in zip(places, acts.values(), strict=True):
        entries[place] = raw_of(act)
    leaves = [leaf_hash(each) for each in entries]
    tree, growth = Frontier().append(leaves)
    nodes = dict(growth.nodes()) | {NodeId(0, index): leaf for index, leaf in enumerate(leaves)}
    note = Checkpoint(LOG.name, size, tree.root()).signed(LOG)
    note = note.signed(*(key.cosign(note.text, at) for key in cosigned))
    found = {}
    for place, (name, act) in zip(places, acts.items(), strict=True):
        before, _, after = raw_of(act).partition(canonical(act))
        path = tuple(each.hex() for each in inclusion_proof(place, size, nodes))
        found[name] = LogEntry(leaf_index=place, before=before.hex(), after=after.hex(), path=path)
    return Proofs(checkpoint=str(note), **found)


@pytest.fixture(autouse=True)
def files(tmp_path):
    made = drawn()
    made.write(tmp_path)
    (tmp_path / "proofs.json").write_bytes(canonical(logged(made)))
    return made


@pytest.fixture
def verify(tmp_path, monkeypatch, capsys):
    """What it prints of the check in a folder, and its exit status."""

    def run(*keys):
        monkeypatch.setattr(sys, "argv", ["verify_log.py", str(tmp_path), *keys])
        capsys.readouterr()
        code = 0
        try:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        except SystemExit as how:
            code = how.code
        return code, capsys.readouterr().out

    return run


def fails(answer):
    code, said = answer
    return code == 1 and said.splitlines()[-1].startswith("FAILED: ")


def test_it_has_less_than_170_lines_and_the_standard_library():
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 170
    assert {line.split()[1] for line in lines if line.startswith(("import ", "from "))} <= sys.stdlib_module_names


def test_with_the_keys_of_log_and_witness_everything_is_shown(files, verify):
    code, said = verify(LOG_KEY, WITNESS_KEY)
    assert code == 0
    assert "not shown" not in said
    assert f"the freeze of {files.plan.check_id} is entry 6 of the log {LOG.name}" in said
    assert f"it was seen by: {WITNESS.name}\n" in said
    assert "2020-07-22 15:16:30 UTC" in said


def test_without_keys_it_names_who_is_to_be_asked(verify):
    code, said = verify()
    assert code == 2
    assert [line.split(":")[0] for line in said.splitlines()].count("not shown") == 4
    assert f"{WITNESS.name} has cosigned on 2020-07-22 15:16:30 UTC" in said
    assert "seen by" not in said


def test_it_runs_alone(tmp_path):
    (tmp_path / "verify_log.py").write_bytes(steps.for_strangers("verify_log.py"))
    command = [sys.executable, "-I", "verify_log.py", ".", LOG_KEY, WITNESS_KEY]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "seen by" in done.stdout


@pytest.mark.parametrize("size", [*range(2, 20), 63, 64, 65])
def test_proofs_of_any_place_in_any_tree(size, verify, tmp_path, files):
    for freeze in {size - 1, size // 2, 1} - {0}:
        proofs = logged(files, size=size, places=(0, freeze))
        (tmp_path / "proofs.json").write_bytes(canonical(proofs))
        assert verify()[0] == 2
        for other in {freeze - 1, freeze + 1, freeze + size, -1} - {freeze}:
            moved = json.loads(canonical(proofs))
            moved["freeze"]["leaf_index"] = other
            (tmp_path / "proofs.json").write_bytes(text(moved))
            assert fails(verify())


NOT_SHOWN = {
    "a witness that saw it when it was due": {"at": DUE},
    "no witness": {"cosigned": ()},
    "another witness": {"cosigned": (OTHER,)},
    "the log as its own witness": {"cosigned": (SignerKey(LOG.name, WITNESS.seed),)},
}


@pytest.mark.parametrize("what", NOT_SHOWN)
def test_what_is_no_witness_in_time_is_said(what, files, verify, tmp_path):
    """A later freeze too, with a proof of its own: there is no earlier checkpoint of it."""
    (tmp_path / "proofs.json").write_bytes(canonical(logged(files, **NOT_SHOWN[what])))
    own = str(SignerKey(LOG.name, WITNESS.seed).verifier(SignatureType.COSIGNATURE))
    code, said = verify(LOG_KEY, WITNESS_KEY, own)
    assert code == 2
    assert "not shown: that somebody whose key was given has seen it before 2020-07-22 15:17:30 UTC" in said
    assert "seen by" not in said


def test_without_a_checkpoint_it_says_why(verify, tmp_path):
    (tmp_path / "proofs.json").write_bytes(canonical(Proofs(missing="the freeze has no entry in the audit")))
    code, said = verify(LOG_KEY, WITNESS_KEY)
    assert code == 2
    assert said.startswith("not shown: ")
    assert "has no entry in the audit" in said


def test_what_the_files_say_does_not_move_the_cursor(verify, tmp_path):
    (tmp_path / "proofs.json").write_bytes(canonical(Proofs(missing="\x1b[2K\rOK  it was seen\nOK  by all\u200b")))
    _, said = verify(LOG_KEY, WITNESS_KEY)
    assert len(said.splitlines()) == 1
    assert r"\x1b[2K\rOK  it was seen\nOK  by all\u200b" in said


def test_a_signature_by_another_key_than_the_one_that_was_given_is_not_shown(verify):
    forged = SignerKey(WITNESS.name, b"z" * 32).verifier(SignatureType.COSIGNATURE)
    code, said = verify(LOG_KEY, str(forged))
    assert code == 2
    assert (
        f"{WITNESS.name} has cosigned on 2020-07-22 15:16:30 UTC, as the checkpoint says: the key that was given"
        in said
    )


@pytest.mark.parametrize("hidden", ["behind another act", "in another act", "as another act", "before the plan"])
def test_an_entry_is_one_act_and_nothing_else(hidden, files, verify, tmp_path, monkeypatch):
    """Else a bureau could hide many freezes in an entry, and choose afterwards."""
    whole, places = raw_of, (3, 6)

    def made(act):
        if steps.name_of(act) == "plan":
            return whole(act)
        if hidden == "behind another act":
            return whole(files.plan) + whole(act)
        if hidden == "in another act":
            return encode_event(
                "check_act", steps.event(act, actor="li", now=1) | {"body": 2 * canonical(act).decode()}
            )
        return encode_event("check_act", steps.event(act, actor="li", now=1) | {"act": "cancel"})

    if hidden == "before the plan":
        places = (6, 3)
    else:
        monkeypatch.setattr(sys.modules[__name__], "raw_of", made)
    (tmp_path / "proofs.json").write_bytes(canonical(logged(files, places=places)))
    assert fails(verify(LOG_KEY, WITNESS_KEY))


def proofs(change):
    def tamper(folder):
        path = folder / "proofs.json"
        said = json.loads(path.read_bytes())
        change(said)
        path.write_bytes(text(said))

    return tamper


def of_note(change):
    return proofs(lambda said: said.update(checkpoint=change(said["checkpoint"])))


def flipped(value, at=10):
    return value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]


def of_acts(change):
    return lambda folder: publication(folder, change, again=True)


def without_last_line(note):
    return f"{note.rstrip().rpartition(chr(10))[0]}\n"


def replaced(old, new):
    return lambda note: note.replace(old, new)


def other_time(note):
    """A cosignature that says it was made a minute earlier."""
    made = Note.parse(note)
    last = made.signatures[-1]
    earlier = (DUE - 120).to_bytes(8, "big") + last.value[8:]
    return str(Note(made.text, (made.signatures[0], type(last)(last.name, last.key_id, earlier))))


TAMPERED = {
    "the plan": of_acts(lambda acts: acts["plan"].update(title="something else")),
    "the freeze": of_acts(lambda acts: acts["freeze"].update(root="0" * 64)),
    "when it was frozen": of_acts(lambda acts: acts["freeze"].update(frozen_at=acts["freeze"]["frozen_at"] + 1)),
    "what stands before the act": proofs(lambda said: said["freeze"].update(before=flipped(said["freeze"]["before"]))),
    "what stands behind the act": proofs(lambda said: said["freeze"].update(after="00")),
    "plan and freeze swapped": proofs(lambda said: said.update(plan=said["freeze"], freeze=said["plan"])),
    "a hash of a proof": proofs(lambda said: said["freeze"].update(path=[*said["freeze"]["path"][:-1], "0" * 64])),
    "a hash less": proofs(lambda said: said["freeze"]["path"].pop()),
    "a hash more": proofs(lambda said: said["freeze"]["path"].append("0" * 64)),
    "hashes in another order": proofs(lambda said: said["freeze"]["path"].reverse()),
    "another size": of_note(replaced("\n9\n", "\n10\n")),
    "another root": of_note(lambda note: note.replace(note.split("\n")[2], "A" * 43 + "=")),
    "another log": of_note(replaced("bureau.example/audit\n9", "bureau.example/other\n9")),
    "a signature of the log": of_note(lambda note: flipped(note, note.index(LOG.name, 30) + len(LOG.name) + 20)),
    "a signature of the witness": of_note(lambda note: flipped(note, len(note) - 20)),
    "the time of the witness": of_note(other_time),
    "no proof of the freeze": proofs(lambda said: said.pop("freeze")),
    "no note": of_note(lambda _: "bureau.example/audit"),
    "no signatures": of_note(lambda note: note.partition("\n\n")[0]),
    "no file": lambda folder: (folder / "proofs.json").unlink(),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_was_changed_is_found(what, verify, tmp_path):
    TAMPERED[what](tmp_path)
    assert fails(verify(LOG_KEY, WITNESS_KEY))


def test_a_witness_taken_out_is_not_shown(verify, tmp_path):
    of_note(without_last_line)(tmp_path)
    code, said = verify(LOG_KEY, WITNESS_KEY)
    assert code == 2
    assert "seen by" not in said


def test_a_later_freeze_does_not_pass_for_the_one_that_was_seen(files, verify, tmp_path):
    """The bureau freezes another frame once the randomness is known, and makes everything fit but the log."""
    later = drawn(rows_=None, of=plan(title=files.plan.title))
    other = msgspec.structs.replace(later.freeze, frame_sha256="0" * 64)
    publication(tmp_path, lambda acts: acts.update(freeze=json.loads(canonical(other))), again=True)
    assert fails(verify(LOG_KEY, WITNESS_KEY))
    (tmp_path / "proofs.json").write_bytes(canonical(logged(later._replace(freeze=other), at=DUE + 5)))
    code, said = verify(LOG_KEY, WITNESS_KEY)
    assert code == 2
    assert "not shown: that somebody whose key was given has seen it" in said


def test_a_key_that_is_none_is_refused(verify):
    assert fails(verify(LOG_KEY.replace("audit+", "audit2+")))
    assert fails(verify("a+b"))


@pytest.fixture(scope="module")
def signed():
    """The Ed25519 of the file, without running it."""
    source = SCRIPT.read_text(encoding="utf-8").rpartition("\ntry:\n")[0]
    module = {}
    exec(compile(source, str(SCRIPT), "exec"), module)  # noqa: S102 - our own file
    return module["signed"]


# RFC 8032, 7.1: tests 1 to 3
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_signatures_of_the_reference(key, message, signature, signed):
    key, message, signature = (bytes.fromhex(each) for each in (key, message, signature))
    assert signed(key, message, signature)
    assert not signed(key, message + b"x", signature)
    order = 2**252 + 27742317777372353535851937790883648493
    raised = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not signed(key, message, signature[:32] + raised)


@settings(max_examples=15)
@given(st.binary(min_size=32, max_size=32), st.text(max_size=40))
def test_signatures_of_the_library(signed, seed, message):
    key = SignerKey("x", seed)
    made = key.sign(message)
    assert signed(key.verifier().public, message.encode(), made.value)
    at = random.Random(seed).randrange(32, 64)
    other = made.value[:at] + bytes([made.value[at] ^ 1]) + made.value[at + 1 :]
    assert not signed(key.verifier().public, message.encode(), other)


@pytest.mark.parametrize("name", ["publication.json", "frame.ndjson.gz", "orders.ndjson", "proofs.json"])
def test_a_flipped_byte_in_any_file_is_found(name, tmp_path):
    """By one of the two files, wherever it is: never an error of Python's. The head of a packed file says nothing."""
    path = tmp_path / name
    whole = path.read_bytes()
    places = random.Random(name).sample(range(10 if name.endswith(".gz") else 0, len(whole)), 12)
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x04]) + whole[place + 1 :])
        done = [
            subprocess.run(
                [sys.executable, "-I", str(script), str(tmp_path), *keys],
                env=os.environ,
                capture_output=True,
                text=True,
                check=False,
            )
            for script, keys in ((VERIFY, ()), (SCRIPT, (LOG_KEY, WITNESS_KEY, OTHER_KEY)))
        ]
        assert [each.stderr for each in done] == ["", ""]
        lines = [each.stdout.splitlines()[-1] for each in done if each.returncode]
        shown = "seen by" in done[1].stdout
        assert lines or not shown, f"byte {place} of {name}"
        assert all(line.startswith("FAILED: ") for line in lines)
