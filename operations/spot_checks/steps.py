"""The steps of a spot check: each makes the next act, and leaves the public files in the check's folder.

1. `freeze` writes the frame; its act is to be in the log, and in a witnessed checkpoint, before the randomness is due
2. `drawn` goes through the frame, which has to be the one that was frozen, and writes the orders
3. `published` writes `publication.json`, `proofs.json` and what verifies them; its act has the hashes of all files

What is written twice is written alike. An act is published by whoever asked for it (`event`, `append`), and only then
counts.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.checks.acts import CHECK_ACT
from suyuan.domain.checks.bodies import (
    BODIES,
    AnyBody,
    Cancel,
    DrandRound,
    File,
    Freeze,
    Plan,
    Publish,
    Randomness,
    Reveals,
    canonical,
    hash_of,
)
from suyuan.domain.checks.draw import Result, draw, selection
from suyuan.domain.checks.faults import BodyError, faults
from suyuan.domain.checks.frame import Row, line, summary
from suyuan.domain.checks.publication import (
    FILES,
    FRAME,
    ORDERS,
    PROOFS,
    PUBLICATION,
    VERIFY,
    VERIFY_LOG,
    Proofs,
    Publication,
)
from suyuan.domain.checks.randomness import of_reveals, of_signature
from suyuan.domain.checks.stage import Check
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.publishing.checking import refuse
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.keys import identities
from suyuan.schemas.events import encode_event

_BLOCK = 1 << 20


class OutOfTurn(SuyuanError):
    """An act for which its check has not come far enough."""

    kind = ErrorKind.USAGE


def freeze(check: Check, rows: Iterable[Row], folder: Path, *, as_known_at: int, now: int) -> Freeze:
    """Write the frame and make its act. `rows`: in the byte order of ids, of the plan's strata; `now`: ms UTC.

    Raises FrameError, BodyError, OutOfTurn, and OSError: the folder then has no frame.
    """
    plan = _plan(check)
    folder.mkdir(parents=True, exist_ok=True)
    with _replacing(folder / FRAME) as part:
        # the same bytes each time: no time of writing and no name in the head
        with part.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            found = summary(_written(rows, packed), (stratum.stratum for stratum in plan.strata))
        act = Freeze(
            check_id=plan.check_id,
            after=hash_of(plan),
            as_known_at=as_known_at,
            frozen_at=now,
            rows=found.rows,
            strata=found.strata,
            frame_sha256=found.sha256,
            root=found.root,
        )
        accepted(act, check)
    return act


def randomness(check: Check, source: DrandRound | Reveals, *, now: int) -> Randomness:
    """The act of what beacon or parties gave. `now`: ms UTC. Raises BodyError, OutOfTurn, before it is due too."""
    plan = _plan(check)
    if now < plan.randomness.at:
        raise OutOfTurn(f"the randomness is due in {(plan.randomness.at - now + 999) // 1000} s: wait until then")
    if check.freeze is None:
        raise OutOfTurn("nothing is frozen yet: freeze it before the randomness is due")
    planned = plan.randomness
    if isinstance(source, DrandRound):
        made = of_signature(source.signature)
    elif planned.__struct_config__.tag == "commit_reveal":
        made = of_reveals(planned, source)  # type: ignore[arg-type]
    else:
        raise OutOfTurn("the plan names a beacon, whose round is wanted and no secrets")
    act = Randomness(check_id=plan.check_id, after=hash_of(check.freeze), source=source, randomness=made)
    accepted(act, check)
    return act


def drawn(check: Check, folder: Path) -> Result:
    """Draw from the frame in the folder, and write the orders. Raises OutOfTurn, FrameError, BodyError, OSError, and
    SuyuanError where the frame is not the one that was frozen.
    """
    plan = _plan(check)
    if check.freeze is None or check.randomness is None:
        raise OutOfTurn("there is no randomness yet: give the round, or what the parties revealed")
    found, hashed = selection(plan, check.freeze, check.randomness), sha256()
    with gzip.open(folder / FRAME) as packed:
        found.add(_lines(packed, hashed))
    if hashed.hexdigest() != check.freeze.frame_sha256:
        raise SuyuanError(f"{folder / FRAME} is not what was frozen: bring back the file, or cancel the check")
    result = draw(plan, check.freeze, check.randomness, found)
    accepted(result.draw, check)
    _write(folder / ORDERS, result.file)
    return result


def published(check: Check, folder: Path, proofs: Proofs) -> Publish:
    """Write `publication.json`, `proofs.json` and what verifies them, and make the act that names all files. `proofs`:
    of `proofs.proofs_of`. Raises OutOfTurn, OSError.
    """
    plan, frozen, given, made = check.plan, check.freeze, check.randomness, check.draw
    if plan is None or frozen is None or given is None or made is None:
        raise OutOfTurn("nothing is drawn yet")
    publication = Publication(plan=plan, freeze=frozen, randomness=given, draw=made)
    _write(folder / PUBLICATION, canonical(publication))
    _write(folder / PROOFS, canonical(proofs))
    for name in (VERIFY, VERIFY_LOG):
        _write(folder / name, for_strangers(name))
    files = tuple(File(name=name, sha256=_sha256(folder / name)) for name in FILES)
    act = Publish(check_id=plan.check_id, after=hash_of(made), files=files)
    accepted(act, check)
    return act


def cancelled(check: Check, reason: str) -> Cancel:
    """The act that gives a check up. Raises OutOfTurn, BodyError."""
    plan, last = _plan(check), check.last
    act = Cancel(check_id=plan.check_id, after=hash_of(last or plan), reason=reason)
    accepted(act, check)
    return act


def accepted(body: AnyBody, check: Check) -> None:
    """Raises BodyError for an act that is not its check's turn, or says what does not follow from those before."""
    if found := list(faults(body, check)):
        raise BodyError(name_of(body), found)


def name_of(body: AnyBody) -> str:
    """What an act is called."""
    return next(name for name, kind in BODIES.items() if type(body) is kind)


def event(body: AnyBody, *, actor: str, now: int) -> dict[str, Any]:
    """An act as an event. Its id follows from what it says, so the same act published twice counts once."""
    return {
        "event_id": hash_of(body),
        "publisher": SYSTEM,
        "occurred_at": now,
        "check_id": body.check_id,
        "act": name_of(body),
        "actor": actor,
        "body": canonical(body).decode(),
    }


def append(outlet: Outlet, made: dict[str, Any]) -> None:
    """Append an act; durable on return. Raises InvalidEvent, and SuyuanError, UNAVAILABLE where the log does not
    answer: the same may be published again.
    """
    refuse(CHECK_ACT, made, made["occurred_at"] / 1000)
    taken = outlet.append(identities(CHECK_ACT, [made]), [encode_event(CHECK_ACT, made)]).result()
    if taken.failure is not None:
        raise taken.failure


def for_strangers(name: str) -> bytes:
    """The file VERIFY or VERIFY_LOG."""
    return resources.files("suyuan.operations.spot_checks").joinpath(name).read_bytes()


def _plan(check: Check) -> Plan:
    if check.plan is None:
        raise OutOfTurn("there is no plan of this check yet")
    return check.plan


def _written(rows: Iterable[Row], file: gzip.GzipFile) -> Iterator[bytes]:
    for row in rows:
        text = line(row)
        file.write(text + b"\n")
        yield text


def _lines(packed: gzip.GzipFile, hashed: Any) -> Iterator[bytes]:
    """Lines without their ends, from blocks that are hashed as they come: half the time of asking for each line."""
    rest = b""
    while block := packed.read(_BLOCK):
        hashed.update(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest


class _replacing:  # noqa: N801 - used as a verb
    """A file beside the one it becomes, once nothing has gone wrong."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")

    def __enter__(self) -> Path:
        return self._part

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            with self._part.open("rb") as file:
                os.fsync(file.fileno())
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with _replacing(path) as part:
        part.write_bytes(content)


def _sha256(path: Path) -> str:
    hashed = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()
