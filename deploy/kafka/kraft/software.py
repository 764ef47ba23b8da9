"""Java, and Kafka's jars from Maven Central, which are fetched once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from kraft.failure import Failure

POM = Path(__file__).parents[1] / "pom.xml"
VERSION = "4.3.0"
JAVA_NEEDED = 17


def java() -> str:
    """The path of Java 17 or later: that of JAVA_HOME, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if path is None:
        where = f"JAVA_HOME={home} holds no bin/java" if home else "there is no `java` on the PATH"
        raise Failure(f"Kafka {VERSION} needs Java {JAVA_NEEDED} or later; {where}")
    # -version answers on standard error, e.g. `openjdk version "17.0.15" 2025-04-15`
    answer = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', answer)
    if found is None:
        raise Failure(f"{path} -version does not say its version: {answer.strip() or 'no answer'}")
    if int(found[1]) < JAVA_NEEDED:
        raise Failure(f"Kafka {VERSION} needs Java {JAVA_NEEDED} or later; {path} is Java {found[1]}")
    return path


def jars() -> Path:
    """The folder of Kafka's jars, below the user's cache folder; the first time Maven fetches them.

    Whoever comes while another process is fetching waits for it. A changed pom.xml has a folder of its own.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "suyuan"
    folder = cache / f"kafka-{VERSION}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Failure(f"Kafka {VERSION} is fetched with Maven, once; there is no `mvn` on the PATH")
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [maven, "--batch-mode", "--quiet", "--file", str(POM), "dependency:copy-dependencies"]
    done = subprocess.run([*command, f"-DoutputDirectory={unfinished}"], capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[:20])
        raise Failure(f"Maven could not fetch Kafka {VERSION}:\n{said}")
    unfinished.rename(folder)
