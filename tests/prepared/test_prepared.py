"""Copies of a prepared Python are processes as any other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import prepared
from tests.prepared import processes

SAYS = """
import json, os, sys
from pathlib import Path
threads = [each.read_text() for each in Path("/proc/self/task").glob("*/comm")]
said = {
    "arguments": sys.argv, "input": sys.stdin.read(), "folder": os.getcwd(), "name": __name__,
    "settings": {name: value for name, value in os.environ.items() if name.startswith("SUYUAN")},
    "files": sorted(os.listdir("/proc/self/fd")), "session": os.getsid(0) == os.getpid(),
    "pools": [each for each in threads if each.startswith(("polars-0", "tokio"))],
    "imported": "suyuan.runtime.embedded.system" in sys.modules,
}
print(json.dumps(said), flush=True)
print("é", file=sys.stderr)
sys.exit(3)
"""


def test_a_copy_has_what_it_is_given(tmp_path):
    done = prepared.run(
        [sys.executable, "-c", SAYS, "a", "b"],
        input=b"asked",
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "SUYUAN_DATA": "x"},
        start_new_session=True,
    )
    assert (done.returncode, done.stderr) == (3, "é\n".encode())
    said = json.loads(done.stdout)
    assert (said["arguments"], said["input"], said["folder"]) == (["-c", "a", "b"], "asked", str(tmp_path))
    assert (said["settings"]["SUYUAN_DATA"], said["session"], said["name"]) == ("x", True, "__main__")
    # the standard ones, and the one that lists them
    assert said["files"] == ["0", "1", "2", "3"]
    # threads are not copied: what had some would wait for them for ever
    assert (said["imported"], said["pools"]) == (processes.ON, [])


def test_a_module_is_run_as_python_does():
    done = prepared.run([sys.executable, "-m", "suyuan.cli.main", "--version"], capture_output=True, text=True)
    fresh = subprocess.run(
        [sys.executable, "-m", "suyuan.cli.main", "--version"], capture_output=True, text=True, check=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, fresh.stdout, fresh.stderr)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_copy_ends_by_signals(sent):
    code = "import sys, time; print(flush=True); time.sleep(60)"
    with prepared.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        assert process.poll() is None
        process.send_signal(sent)
        assert process.wait(60) == -sent
    assert not Path(f"/proc/{process.pid}").exists()


def test_a_copy_that_takes_too_long_is_ended():
    with pytest.raises(subprocess.TimeoutExpired):
        prepared.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2)


def test_what_python_reads_at_its_start_is_read():
    done = prepared.run(
        [sys.executable, "-c", "import sys; print(sys.stdout.encoding)"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "gb18030"},
    )
    assert done.stdout == b"gb18030\n"
