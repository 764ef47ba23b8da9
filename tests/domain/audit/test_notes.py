"""Notes, keys and checkpoints are those of C2SP, so that others' tools read ours and we read theirs."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.audit.checkpoints import Checkpoint, opened
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import EMPTY_ROOT, leaf_hash
from suyuan.domain.audit.keys import Signature, SignatureType, SignerKey, VerifierKey, cosigned_at
from suyuan.domain.audit.notes import Note

# of golang.org/x/mod/sumdb/note
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n{LINE}\n"

# a checkpoint of a public log of certificates, of 2026-05-23, with cosignatures of public witnesses
PUBLIC = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev \
zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev \
ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de \
2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
PUBLIC_LOG = VerifierKey.parse(
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
PUBLIC_WITNESS = VerifierKey.parse("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")

LOG = SignerKey("bureau.example/audit", bytes(range(32)))
WITNESS = SignerKey("university.example/witness", bytes(range(1, 33)))
CHECKPOINT = Checkpoint(LOG.name, 3, leaf_hash(b"a root"))


def test_the_note_of_the_reference():
    key = SignerKey.parse(SIGNER)
    assert str(Note(TEXT, (key.sign(TEXT),))) == NOTE
    assert str(key.verifier()) == VERIFIER
    assert key.private_text() == SIGNER
    assert Note.parse(NOTE).verified([VerifierKey.parse(VERIFIER)]) == (key.verifier(),)


def test_a_public_checkpoint_and_its_witness():
    note = Note.parse(PUBLIC)
    assert str(note) == PUBLIC
    assert opened(note, PUBLIC_LOG).size == 1432088532
    assert note.verified([PUBLIC_WITNESS, PUBLIC_LOG]) == (PUBLIC_LOG, PUBLIC_WITNESS)
    assert cosigned_at(note.signature_of(PUBLIC_WITNESS)) == 1779573024
    assert str(PUBLIC_WITNESS) == "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    for other in (PUBLIC.replace("1432088532", "1432088531"), PUBLIC.replace("U7WM", "U7WN")):
        for key in (PUBLIC_LOG, PUBLIC_WITNESS):
            with pytest.raises(AuditError, match="is not one of this text"):
                Note.parse(other).verified([key])


@given(st.data())
def test_no_byte_of_a_note_can_be_another(data):
    note = str(CHECKPOINT.signed(LOG).signed(WITNESS.cosign(CHECKPOINT.text, 1_800_000_000))).encode()
    place = data.draw(st.integers(0, len(note) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda each: each != note[place]))
    other = note[:place] + bytes([value]) + note[place + 1 :]
    keys = [LOG.verifier(), WITNESS.verifier(SignatureType.COSIGNATURE)]
    try:
        signed = Note.parse(other).verified(keys)
    except AuditError:
        return
    assert len(signed) < len(keys)  # one's name or id is another's now


def test_signatures_of_others_are_passed_over():
    stranger = SignerKey("stranger.example", bytes(32))
    same_name = SignerKey(LOG.name, bytes(32))
    note = Note.parse(str(CHECKPOINT.signed(LOG).signed(stranger.sign("other"), same_name.sign("other"))))
    assert note.verified([LOG.verifier()]) == (LOG.verifier(),)
    with pytest.raises(AuditError, match="by none of the keys"):
        note.verified([WITNESS.verifier()])
    with pytest.raises(AuditError, match="by none of the keys"):
        note.verified([])


def test_one_bad_signature_of_a_known_key_spoils_the_note():
    note = CHECKPOINT.signed(LOG).signed(LOG.sign("another text"))
    with pytest.raises(AuditError, match="is not one of this text"):
        note.verified([LOG.verifier()])


def test_a_cosignature_says_when_and_is_not_a_signature_of_the_log():
    cosigned = WITNESS.cosign(CHECKPOINT.text, 1_800_000_000)
    note = CHECKPOINT.signed(LOG).signed(cosigned)
    witness = WITNESS.verifier(SignatureType.COSIGNATURE)
    assert note.verified([witness]) == (witness,)
    assert cosigned_at(note.signature_of(witness)) == 1_800_000_000
    with pytest.raises(AuditError, match="by none of the keys"):
        note.verified([WITNESS.verifier()])
    later = Signature(cosigned.name, cosigned.key_id, (1_800_000_001).to_bytes(8, "big") + cosigned.value[8:])
    with pytest.raises(AuditError, match="is not one of this text"):
        CHECKPOINT.signed(LOG).signed(later).verified([witness])
    with pytest.raises(AuditError, match="length"):
        witness.verify(CHECKPOINT.text, WITNESS.sign(CHECKPOINT.text))


BAD_NOTES = [
    "", "\n", TEXT, f"{TEXT}\n", f"{TEXT}{LINE}\n", NOTE[:-1], f"{NOTE}\n", f"{NOTE} \n", NOTE.replace("—", "-"),
    NOTE.replace("— ", "—"), NOTE.replace("PeterNeumann ", ""), NOTE.replace("PeterNeumann ", "Peter Neumann "),
    NOTE.replace("PeterNeumann", "Peter+Neumann"), NOTE.replace("nAM=", "nAM"), NOTE.replace("nAM=", "nAN="),
    NOTE.replace("problem,", "problem\r"), NOTE.replace("x08go/", "x08go_"), f"{TEXT}\n— PeterNeumann x08gow==\n",
    NOTE.encode()[:-20] + b"\xff" + NOTE.encode()[-19:], NOTE + f"{LINE}\n" * 100, "a" * 2**20 + NOTE,
]  # fmt: skip


@pytest.mark.parametrize("note", BAD_NOTES, ids=range(len(BAD_NOTES)))
def test_what_is_no_note(note):
    with pytest.raises(AuditError):
        Note.parse(note)


BAD_KEYS = [
    "", "PeterNeumann", VERIFIER[:-1], VERIFIER[1:], f"{VERIFIER}=", VERIFIER.replace("c74f20a3", "c74f20a4"),
    VERIFIER.replace("c74f20a3", "C74F20A3"), VERIFIER.replace("+AR", "+BR"), VERIFIER.replace("+AR", "+/R"),
    VERIFIER.replace("PeterNeumann", "Peter Neumann"), VERIFIER.replace("PeterNeumann", ""),
    "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_KEYS)
def test_what_is_no_public_key(text):
    with pytest.raises(AuditError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        VERIFIER,
        SIGNER[:-1],
        SIGNER.removeprefix("PRIVATE+"),
        SIGNER.replace("c7", "c8"),
        SIGNER.replace("+AY", "+BY"),
    ],
)
def test_what_is_no_private_key_is_not_quoted(text):
    with pytest.raises(AuditError) as refused:
        SignerKey.parse(text)
    assert "FALVFGyNhPJEMzD1QIDr" not in str(refused.value)


def test_a_private_key_is_not_shown():
    assert "seed" not in repr(LOG)
    assert SignerKey.parse(f"{LOG.private_text()}\n") == LOG


def test_a_checkpoint_leads_back():
    note = CHECKPOINT.signed(LOG)
    assert opened(Note.parse(str(note)), LOG.verifier()) == CHECKPOINT
    assert note.text == f"bureau.example/audit\n3\n{b64encode(CHECKPOINT.root).decode()}\n"
    with pytest.raises(AuditError, match="not signed by"):
        CHECKPOINT.signed(WITNESS)


def test_a_checkpoint_of_another_log_is_not_taken():
    text = Checkpoint("other.example", 3, CHECKPOINT.root).text
    with pytest.raises(AuditError, match=r"of other\.example"):
        opened(Note(text, (LOG.sign(text),)), LOG.verifier())


ROOT = b64encode(leaf_hash(b"")).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "log\n", "log\n1\n", f"log\n1\n{ROOT}", f"log\n1\n{ROOT}\nmore\n", f"log\n1\n{ROOT}\n\n", f"\n1\n{ROOT}\n",
        f"log\n01\n{ROOT}\n", f"log\n-1\n{ROOT}\n", f"log\n１\n{ROOT}\n", f"log\n\n{ROOT}\n",
        f"log\n{10**19}\n{ROOT}\n",
        f"log\n1\n{ROOT[:-1]}\n", f"log\n1\n{ROOT[4:]}\n", f"log\n1\n{ROOT[:-2]}B=\n", f"log\n0\n{ROOT}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint(text):
    with pytest.raises(AuditError, match="checkpoint"):
        Checkpoint.parse(text)


def test_the_checkpoint_of_an_empty_log():
    text = f"log\n0\n{b64encode(EMPTY_ROOT).decode()}\n"
    assert Checkpoint.parse(text) == Checkpoint("log", 0, EMPTY_ROOT)
