"""A node's process: started apart from whoever starts it, found again by its pid file."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from kraft.failure import Failure

LOG4J = Path(__file__).parents[1] / "log4j2.xml"
SHUTDOWN = 45.0  # seconds after SIGTERM; then SIGKILL
# Kafka's own (bin/kafka-run-class.sh)
JVM = ("-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35")


class NodeProcess:
    """`folder`: the node's own, with server.properties, data/, broker.log and the pid file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.properties = folder / "server.properties"
        self.data = folder / "data"
        self.log = folder / "broker.log"
        self._pid_file = folder / "pid"
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """None when it does not run."""
        if self._child is not None:  # its command may not be there to be read yet
            return self._child.pid if self._child.poll() is None else None
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        # the number may have gone to another process since
        return pid if str(self.properties) in _command_of(pid) else None

    @property
    def is_formatted(self) -> bool:
        """Whether the data folder is a node's."""
        return (self.data / "meta.properties").exists()  # written last

    def format(self, java: str, jars: Path, cluster_id: str, java_options: Sequence[str], *options: str) -> None:
        """Makes the data folder a node's of that cluster; one that is already is left as it is."""
        if self.is_formatted:
            return
        command = [java, *java_options, "-cp", f"{jars}/*", f"-Dlog4j2.configurationFile={LOG4J}"]
        command += [
            "kafka.tools.StorageTool",
            "format",
            "--ignore-formatted",
            "--cluster-id",
            cluster_id,
            "--config",
            str(self.properties),
            *options,
        ]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(f"the storage could not be formatted:\n{(done.stdout + done.stderr).strip()}")

    def start(self, java: str, jars: Path, heap: str, *options: str) -> None:
        """`heap`: as for -Xmx; `options`: more for Java. Returns at once."""
        command = [java, f"-Xmx{heap}", *JVM, *options, "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"]
        command += [f"-Dlog4j2.configurationFile={LOG4J}", "-cp", f"{jars}/*", "kafka.Kafka", str(self.properties)]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._child = subprocess.Popen(
                command,
                env=_environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is not for it
            )
        self._pid_file.write_text(f"{self._child.pid}\n", encoding="ascii")

    def last_words(self) -> str:
        """The first errors that the process logged since it was started here, and its last lines."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        # after an error Kafka goes on to tell, at length, how it shuts down
        earlier = [line for line in lines[:-5] if re.match(r"\S+ (ERROR|FATAL) |Caused by: ", line)]
        return "\n".join([*earlier[:6], *lines[-5:]])

    def ask_to_stop(self) -> None:
        """SIGTERM; a process that stands still must go on to hear of it."""
        if (pid := self.pid) is not None:
            for number in (signal.SIGTERM, signal.SIGCONT):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def await_end(self, deadline: float) -> bool:
        """`deadline`: of time.monotonic(), then SIGKILL. Whether it ended by itself."""
        by_itself = True
        while (pid := self.pid) is not None:
            if time.monotonic() > deadline and by_itself:
                by_itself = False
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self._pid_file.unlink(missing_ok=True)
        return by_itself


def _environment() -> dict[str, str]:
    """Java takes the encoding of file names from the locale, and options from variables that are not for it."""
    kept = {name: value for name, value in os.environ.items() if name not in {"JAVA_TOOL_OPTIONS", "CLASSPATH"}}
    return kept | {"LC_ALL": "C.UTF-8"}


def _command_of(pid: int) -> str:
    """Empty when there is no such process, or when it has ended and waits to be collected."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
