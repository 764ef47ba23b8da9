"""One process per folder."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from suyuan.sinks.errors import FolderInUse, ServerUnavailable
from suyuan.sinks.folder_lock import FolderLock
from tests import prepared


def test_a_folder_in_use_names_its_process(tmp_path):
    holder = textwrap.dedent(f"""
        from pathlib import Path
        from suyuan.sinks.folder_lock import FolderLock
        lock = FolderLock(Path({str(tmp_path / "clickhouse")!r}))
        print("held", flush=True)
        input()
    """)
    with prepared.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUse, match=f"clickhouse is in use by process {process.pid}"):
            FolderLock(tmp_path / "clickhouse")
        process.kill()
        process.wait()
    with FolderLock(tmp_path / "clickhouse"):
        assert (tmp_path / "clickhouse.lock").read_text() == str(os.getpid())


def test_a_released_folder_can_be_taken(tmp_path):
    FolderLock(tmp_path / "clickhouse").release()
    FolderLock(tmp_path / "clickhouse").release()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerUnavailable, match="cannot write to"):
        FolderLock(tmp_path / "file" / "clickhouse")
