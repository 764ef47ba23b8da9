"""What the allocator is told."""

import os
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, os, sys, tempfile, threading
from suyuan.runtime.memory import tune_allocator

libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
if sys.argv[1] == "tuned":
    tune_allocator()
many = 2 * os.cpu_count() + 8
together = threading.Barrier(many)

def hold():
    held = bytearray(100_000)
    together.wait()
    return held

threads = [threading.Thread(target=hold) for _ in range(many)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.TemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fdopen(os.dup(file.fileno()), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    file.seek(0)
    print(file.read().count(b"<heap nr="))
"""


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}), reason="of glibc")
def test_freed_memory_is_kept_in_no_more_arenas_than_threads_run_at_once():
    arenas = {
        said: int(subprocess.run([sys.executable, "-c", ARENAS, said], check=True, stdout=subprocess.PIPE).stdout)
        for said in ("tuned", "not tuned")
    }
    assert arenas["tuned"] <= max(2, os.cpu_count() or 2) < arenas["not tuned"]


@pytest.mark.parametrize("own", ["", "narenas:1", "dirty_decay_ms:500,muzzy_decay_ms:1000,narenas:1"])
def test_freed_memory_of_frames_goes_back_in_the_end_unless_somebody_says_otherwise(own):
    said = subprocess.run(
        [sys.executable, "-c", "import os, suyuan.runtime, polars; print(os.environ['_RJEM_MALLOC_CONF'])"],
        env=os.environ | {"_RJEM_MALLOC_CONF": own},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    options = dict(each.split(":") for each in said.strip().split(","))  # of two the later one counts
    assert options == {
        "narenas": "1" if own else str(max(2, os.cpu_count() or 2)),
        "dirty_decay_ms": "30000",
        "muzzy_decay_ms": "10000",
    }
