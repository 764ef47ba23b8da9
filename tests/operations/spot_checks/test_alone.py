"""`verify.py` as a stranger runs it: in a folder that holds the public files and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.operations.spot_checks.test_verify import VERIFY, orders, swap
from tests.spot_checks import drawn


def test_it_runs_on_the_published_files_alone(tmp_path):
    drawn().write(tmp_path)
    shutil.copy(VERIFY, tmp_path / "verify.py")
    command = [sys.executable, "-I", "verify.py"]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK  check 330100-2026-7")
    orders(tmp_path, swap)
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1].startswith("FAILED: order 1 ")
