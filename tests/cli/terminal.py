"""The command on a terminal of a given width, and in a pipe."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from contextlib import suppress

from tests import prepared

_SIZES = {"COLUMNS", "LINES"}
"""settings that would count for more than the terminal's own"""
_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_SEVERAL = """
import fcntl, json, struct, sys, termios
from suyuan.cli.main import app
from suyuan.cli.screen import write_what_can_be_written
write_what_can_be_written()
for width, arguments in json.loads(sys.argv[1]):
    if sys.stdout.isatty():
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    print("$", *arguments, flush=True)
    app(arguments, standalone_mode=False)
"""


def on_terminal(*commands, **environment):
    """What each of the commands (width, words) shows, run one after the other by one process on a terminal."""
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    return _parts(shown_by(_several(commands), encoding=encoding, env=_environment(environment)))


def shown_by(words, width=80, encoding="utf-8", env=None, **process):
    """What a process shows on a terminal of that width; it ends with 0."""
    env = {name: value for name, value in (os.environ if env is None else env).items() if name not in _SIZES}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    with (
        tempfile.TemporaryFile() as errors,
        prepared.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=errors, env=env, **process) as started,
    ):
        os.close(theirs)
        shown = bytearray()
        with suppress(OSError):  # EIO: the other side is closed
            while part := os.read(ours, 1 << 16):
                shown += part
        os.close(ours)
        code = started.wait()
        errors.seek(0)
        assert code == 0, errors.read().decode(errors="replace")
    return _STYLES.sub("", shown.decode(encoding)).replace("\r\n", "\n")


def in_a_pipe(*commands, **environment):
    """What each of the commands (words) writes where standard output is no terminal."""
    words = _several([(0, each) for each in commands])
    done = prepared.run(words, capture_output=True, check=False, env=_environment(environment))
    assert (done.returncode, done.stderr) == (0, b"")
    return _parts(done.stdout.decode(environment.get("PYTHONIOENCODING", "utf-8")))


def _several(commands):
    return [
        sys.executable,
        "-c",
        _SEVERAL,
        json.dumps([(width, [str(each) for each in words]) for width, words in commands]),
    ]


def _environment(changed):
    return {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "SUYUAN_FSYNC": "false", **changed}


def _parts(text):
    return [part.partition("\n")[2] for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
