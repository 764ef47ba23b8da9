"""A dossier: what is known of a chain, and what that rests on, as files that need no portal to be read or checked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from suyuan.domain.evidence import evidence_id
from suyuan.operations.audit.proven import Logged
from suyuan.operations.audit.seen import Seen
from suyuan.queries.answers import ChainVersion, WholeChain, plain
from suyuan.runtime.spreadsheet import csv_lines

_COLUMNS = (
    "number",
    "kind",
    "evidence",
    "publisher",
    "event_id",
    "occurred_at",
    "received_at",
    "sha256",
    "raw",
    "audit",
    "leaf_index",
    "says",
)
_OURS = frozenset(
    {"kind", "evidence", "publisher", "event_id", "occurred_at", "received_at", "outcome", "digest", "tie"}
)
CHECKPOINT = "checkpoint.txt"
"""where the audit's signed checkpoint is in the zip"""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""what a zip calls a time that nobody knows: the same chain makes the same bytes"""


@dataclass(frozen=True, slots=True)
class Cited:
    """An event that the chain rests on. `raw`: the bytes that were published; None where the log has them no more;
    `logged`: what the audit has of it.
    """

    number: int
    event: Mapping[str, Any]
    raw: bytes | None
    logged: Logged

    @property
    def sha256(self) -> str | None:
        """Of the raw bytes, in hex."""
        return None if self.raw is None else sha256(self.raw).hexdigest()

    @property
    def file(self) -> str | None:
        """Where the raw bytes are in the zip."""
        return None if self.raw is None else f"raw/{self.number:03}-{self.event['kind']}.bin"


@dataclass(frozen=True, slots=True)
class Dossier:
    """`made_at`: ms UTC; `known_at`, `happened_by`: of what is shown, None for now; `missing`: evidence ids that the
    chain cites and the scope of whoever asks does not show; `seen`: the checkpoint that proofs of the audit end at.
    """

    chain: WholeChain
    versions: Sequence[ChainVersion]
    cited: Sequence[Cited]
    missing: Sequence[str]
    made_at: int
    made_for: str
    known_at: int | None
    happened_by: int | None
    seen: Seen | None = None

    @property
    def checkpoint(self) -> str | None:
        """The signed note, where something is proven by it."""
        shown = any(each.logged.state == "proven" for each in self.cited)
        return str(self.seen.note) if shown and self.seen is not None else None


def dossier_zip(dossier: Dossier, pages: Mapping[str, str]) -> bytes:
    """The archive: pages to read (by name), the same as JSON and CSV, the raw bytes, the audit's checkpoint where
    something is proven by it, and the sums of all of these.
    """
    files = {name: text.encode() for name, text in pages.items()}
    files["chain.json"] = _json(plain(dossier.chain))
    files["history.json"] = _json([plain(version) for version in dossier.versions])
    files["evidence.json"] = _json(
        [_line(each) | _proof(each) | {"fields": _says(each.event)} for each in dossier.cited]
    )
    if dossier.checkpoint is not None:
        files[CHECKPOINT] = dossier.checkpoint.encode()
    files["evidence.csv"] = "".join(csv_lines(_COLUMNS, map(_line, dossier.cited))).encode()
    files |= {each.file: each.raw for each in dossier.cited if each.file is not None and each.raw is not None}
    files["about.json"] = _json(
        {name: getattr(dossier, name) for name in ("made_at", "made_for", "known_at", "happened_by", "missing")}
    )
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files["SHA256SUMS"] = sums.encode()
    return _zip(files)


def missing_from(cited: Iterable[str], events: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids that no event answers to."""
    found = {event["evidence"] for event in events}
    found |= {evidence_id(event["kind"], event["publisher"], event["event_id"]) for event in events}
    return [evidence for evidence in cited if evidence not in found]


def _line(cited: Cited) -> dict[str, Any]:
    event = cited.event
    line = {name: event[name] for name in _COLUMNS if name in event}
    says = "; ".join(f"{name}={value}" for name, value in _says(event).items())
    told = {"number": cited.number, "sha256": cited.sha256, "raw": cited.file, "says": says}
    return {**line, **told, "audit": cited.logged.state, "leaf_index": cited.logged.leaf_index}


def _proof(cited: Cited) -> dict[str, Any]:
    logged = cited.logged
    return {} if logged.leaf is None else {"leaf_hash": logged.leaf, "inclusion_proof": logged.path}


def _says(event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event itself, those that say something."""
    told = {name: value for name, value in event.items() if name not in _OURS and value not in (None, [])}
    return {name: value for name, value in told.items() if not name.startswith("source_")}


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


def _zip(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return made.getvalue()
