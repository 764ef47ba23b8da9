"""One upload into the log: in a thread, as `suyuan publish` does it, within what its owner may publish."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.publishing.batch import ignored_notes
from suyuan.portal.uploads.state import RAW, Stage, Upload, write_state
from suyuan.portal.uploads.store import NO_ROOM
from suyuan.portal.uploads.watching import AccessRevoked, Errors, Stopped, Watch
from suyuan.publishing.door import Door
from suyuan.publishing.files.archives import opened
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.encoding import named
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.files.problems import Problem
from suyuan.publishing.files.publish import Publication
from suyuan.publishing.files.records import Options
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.files.workbook import Workbook

logger = logging.getLogger(__name__)

MOST_UNPACKED = 16 << 30
"""bytes that may come out of what is packed"""
LARGEST_WORKBOOK = 32 << 20
"""a sheet is held in memory"""
SHOWN = 20
"""problems that are told; the file of errors has all"""


def publish_upload(
    folder: Path,
    upload: Upload,
    outlet: Callable[[], Outlet],
    now: Callable[[], int],
    stopped: Callable[[], bool],
    revoked: Callable[[], bool],
    door: Door | None = None,
) -> bool:
    """Publish what was received; what becomes of it is in its state, and the file itself is removed. False where that
    is to be tried again: the log does not answer, or the portal ends. `revoked`: whether its owner's access was; then
    no more of it is published. `door`: that events come in by, None for one that has no key.
    """
    upload.restarts += upload.began is not None
    upload.stage, upload.began, upload.trouble = Stage.PUBLISHING, upload.began or now(), None
    upload.first, upload.columns = [], []
    tally, before = Tally(), (upload.accepted, upload.duplicate)

    def note() -> None:
        _count(upload, tally)
        write_state(folder, upload)

    try:
        if revoked():
            raise AccessRevoked  # noqa: TRY301 - as it is raised further on
        _publish(folder, upload, tally, outlet(), note, Watch(upload, note, stopped, revoked), door)
        upload.stage = Stage.DONE
    except AccessRevoked:
        upload.stage = Stage.REVOKED
        # of what a portal before this one had stored, this pass may not have come by all
        tally.accepted, tally.duplicate = max(before, (tally.accepted, tally.duplicate), key=sum)
        said = f"access was revoked: {tally.accepted:,} accepted and {tally.duplicate:,} duplicate before that stay"
        upload.trouble = f"{said}, the rest was not published"
        logger.warning("upload %s of %s: %s", upload.id, upload.owner, upload.trouble)
    except Stopped:
        note()
        return False
    except SuyuanError as error:
        upload.trouble = str(error)
        if error.kind == ErrorKind.UNAVAILABLE:
            note()
            return False
        upload.stage = Stage.FAILED
    except OSError as error:
        upload.stage, upload.trouble = Stage.FAILED, "no room on the disk" if error.errno in NO_ROOM else "disk error"
        logger.error("upload %s: %s", upload.id, error)  # noqa: TRY400 - the operator's disk, not our code
    except Exception:
        upload.stage, upload.trouble = Stage.FAILED, "it failed here: the operator finds the reason in the log"
        logger.exception("upload %s", upload.id)
    upload.ended = now()
    note()
    (folder / RAW).unlink(missing_ok=True)
    return True


def _publish(
    folder: Path,
    upload: Upload,
    tally: Tally,
    outlet: Outlet,
    note: Callable[[], None],
    watch: Watch,
    door: Door | None,
) -> None:
    for before in folder.glob("errors*"):
        before.unlink()
    encoding = named(upload.encoding) if upload.encoding else None
    options = Options(upload.kind, encoding=encoding, candidates=tuple(sorted(upload.right.kinds)))
    judge = upload.right.refuse_foreign
    with closing(Errors(folder / "errors.csv", watch)) as errors:
        publisher = Publisher(outlet, tally, judge=judge, door=door)
        publication = Publication(publisher, tally, watch, options, errors, watch)
        note()
        try:
            for found in opened(str(folder / RAW), called=upload.name, most_bytes=MOST_UNPACKED):
                if isinstance(found, Workbook) and upload.received > LARGEST_WORKBOOK:
                    said = f"a workbook of more than {LARGEST_WORKBOOK >> 20} MiB: export it as CSV"
                    tally.refuse(Problem(upload.name, None, said))
                    continue
                publication.take(found)
        except AccessRevoked:
            publisher.settle()  # what is under way is stored, and is to be told
            raise
        publisher.flush()
        upload.read = upload.received
    upload.errors = [path.name for path in errors.paths if path.stat().st_size]


def _count(upload: Upload, tally: Tally) -> None:
    upload.accepted, upload.duplicate, upload.rejected = tally.accepted, tally.duplicate, tally.rejected
    upload.reused_id = tally.reused_id
    upload.problems = [msgspec.to_builtins(problem) for problem in tally.problems[:SHOWN]]
    upload.notes = [*tally.notes, *ignored_notes(tally)]
