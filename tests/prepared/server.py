"""The Python that is copied: imports everything once, then forks for whoever asks over the socket that it is given."""

from __future__ import annotations

import array
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import tempfile
import time
import types
from pathlib import Path

from tests.prepared.messages import MOST_BYTES


def prepare():
    """Import what the commands do; starts no thread that a copy would miss (tests/prepared/test_prepared.py)."""
    import suyuan.cli.commands  # noqa: PLC0415 - the server's work, not what whoever imports this module wants
    import suyuan.portal.server  # noqa: PLC0415
    import suyuan.runtime.cluster.loader_service  # noqa: PLC0415
    import suyuan.runtime.cluster.worker  # noqa: PLC0415
    import suyuan.runtime.embedded.system  # noqa: PLC0415

    for module in pkgutil.iter_modules(suyuan.cli.commands.__path__):
        importlib.import_module(f"suyuan.cli.commands.{module.name}")


def serve(asked: socket.socket):
    """Answer until the other side is gone, then end this process. Returns in a copy only: what to become, and the
    files that are its standard ones.
    """
    while True:
        message, files = _receive(asked)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "wait" in request:
            answer = os.waitpid(request["wait"], os.WNOHANG)
        elif (pid := os.fork()) == 0:
            asked.close()
            return request, files
        else:
            answer = pid
        for each in files:
            os.close(each)
        asked.send(json.dumps(answer).encode())


def _receive(asked):
    descriptors = array.array("i")
    message, extra, _, _ = asked.recvmsg(MOST_BYTES, socket.CMSG_SPACE(3 * descriptors.itemsize))
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)


def become(request, files):
    """Run the module or the code as Python does at its start; ends as that ends."""
    for number, each in enumerate(files):
        os.dup2(each, number)
    for each in files:
        os.close(each)
    if request["session"]:
        os.setsid()
    if request["cwd"]:
        os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    tempfile.tempdir = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = sys.__stdin__ = _text(0, "r", "strict")
    sys.stdout = sys.__stdout__ = _text(1, "w", "strict")
    sys.stderr = sys.__stderr__ = _text(2, "w", "backslashreplace")
    flag, what, *rest = request["arguments"]
    sys.orig_argv = [sys.executable, *request["arguments"]]
    if flag == "-m":
        sys.path[0] = str(Path.cwd())
        sys.argv = [what, *rest]
        runpy._run_module_as_main(what)
    else:
        sys.path[0] = ""
        sys.argv = ["-c", *rest]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), main.__dict__)  # noqa: S102 - what Python does with -c


def _text(number, mode, errors):
    raw = os.fdopen(number, f"{mode}b", buffering=0, closefd=False)
    terminal = raw.isatty()
    buffered = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    text = io.TextIOWrapper(buffered, encoding=_ENCODING, errors=errors, line_buffering=terminal or number == 2)
    text.mode = mode
    return text


_ENCODING = sys.stdout.encoding

if __name__ == "__main__":
    prepare()
    gc.freeze()  # what is not looked at stays shared
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    become(*wanted)
