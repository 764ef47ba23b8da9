"""Kafka's classes as Java has loaded and checked them once: with them a broker starts on two thirds of the work.

An archive is of one Java and one folder of jars, as Java itself checks; where it does not fit, Java goes on without.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kraft.failure import Failure


def options(java: str, jars: Path) -> list[str]:
    """For Java; none where there is no archive."""
    path = _path(java, jars)
    return [f"-XX:SharedArchiveFile={path}", "-Xshare:auto", "-Xlog:cds*=off"] if path.exists() else []


def make(java: str, jars: Path, run: Callable[[Path, str], object]) -> None:
    """Unless it is there; whoever comes meanwhile waits. `run`: a broker once, in that folder, with that option."""
    path = _path(java, jars)
    with (jars / "archive.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return
        folder = Path(tempfile.mkdtemp())
        try:
            unfinished = folder / path.name
            with suppress(Failure):  # whoever starts a broker next is told; an archive is no need
                run(folder / "broker", f"-XX:ArchiveClassesAtExit={unfinished}")
            if unfinished.exists():
                shutil.copyfile(unfinished, path.with_suffix(".unfinished"))
                path.with_suffix(".unfinished").rename(path)
        finally:
            shutil.rmtree(folder)


def _path(java: str, jars: Path) -> Path:
    program = Path(java).resolve()
    which = f"{program} {program.stat().st_mtime_ns}"
    return jars / f"classes-{hashlib.sha256(which.encode()).hexdigest()[:8]}.jsa"
