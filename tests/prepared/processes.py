"""`Popen` and `run` of `subprocess`, by copies of a prepared Python where they can be."""

from __future__ import annotations

import array
import atexit
import json
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

from tests.prepared.messages import MOST_BYTES

READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "POLARS_", "OPENBLAS_", "OMP_", "GLIBC_", "_RJEM_", "F_")
"""what settings begin with that Python or a library reads once: a process with others of these is no copy"""
ON = sys.platform == "linux" and os.environ.get("SUYUAN_TESTS_PREPARED") != "0"
ROOT = Path(__file__).parents[2]


class _Server:
    """Of this process: started when it is first asked."""

    def __init__(self):
        self._gate = threading.Lock()
        self._socket = None
        self._pid = None
        self.settings = {}

    def start(self, request, files):
        """The pid of a copy."""
        with self._gate:
            if self._socket is None or self._pid != os.getpid():
                self._begin()
            self._socket.sendmsg(
                [json.dumps(request).encode()],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))],
            )
            return self._answer()

    def wait(self, pid):
        """As os.waitpid with WNOHANG: the pid and its status, or zeros while it runs."""
        with self._gate:
            self._socket.send(json.dumps({"wait": pid}).encode())
            return self._answer()

    def _begin(self):
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.getpid()
        self.settings = read_at_start(os.environ)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.prepared.server", str(theirs.fileno())], cwd=ROOT, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        atexit.register(self._end)

    def _end(self):
        self._socket.close()
        self._process.wait()

    def _answer(self):
        message = self._socket.recv(MOST_BYTES)
        if not message:
            raise RuntimeError("the prepared Python has ended; what it said stands above")
        return json.loads(message)


SERVER = _Server()


class Popen(subprocess.Popen):
    """A copy where the command is this Python with -m or -c, else a process as any other."""

    _pidfd = None

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *more):
        """`more`: startupinfo, creationflags, shell, six ends of pipes, restore_signals, gid, gids, uid, umask,
        start_new_session, process_group.
        """
        shell, ends, identity, session = more[2], more[3:9], more[10:13], more[14]
        words = list(map(os.fspath, args)) if isinstance(args, (list, tuple)) else []
        environment = {**(os.environ if env is None else env)}
        if any((executable, preexec_fn, pass_fds, shell, *identity)) or not can_be_a_copy(words, environment):
            super()._execute_child(args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *more)
            return
        sys.audit("subprocess.Popen", words[0], words, cwd, env)
        request = {
            "arguments": words[1:],
            "env": environment,
            "cwd": os.fspath(cwd or Path.cwd()),
            "session": session,
        }
        theirs = (ends[0], ends[3], ends[5])
        self.pid = SERVER.start(request, [number if end == -1 else end for number, end in enumerate(theirs)])
        self._pidfd = os.pidfd_open(self.pid)
        self._child_created = True
        self._close_pipe_fds(*ends)

    def _try_wait(self, wait_flags):
        if self._pidfd is None:
            return super()._try_wait(wait_flags)
        waiting = select.poll()
        waiting.register(self._pidfd, select.POLLIN)
        waiting.poll(0 if wait_flags & os.WNOHANG else None)
        return SERVER.wait(self.pid)

    def _internal_poll(self, _deadstate=None, **how):
        if self._pidfd is None:
            return super()._internal_poll(_deadstate, **how)
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                pid, status = (self.pid, 0) if self.returncode is not None else SERVER.wait(self.pid)
                if pid == self.pid and self.returncode is None:
                    self._handle_exitstatus(status)
            except OSError:
                self.returncode = _deadstate
            finally:
                self._waitpid_lock.release()
        return self.returncode

    def _handle_exitstatus(self, sts, **how):
        super()._handle_exitstatus(sts, **how)
        if self._pidfd is not None:
            os.close(self._pidfd)


def run(*popenargs, input=None, capture_output=False, timeout=None, check=False, **kwargs):  # noqa: A002
    """`subprocess.run`."""
    if input is not None:
        kwargs["stdin"] = subprocess.PIPE
    if capture_output:
        kwargs["stdout"] = kwargs["stderr"] = subprocess.PIPE
    with Popen(*popenargs, **kwargs) as process:
        try:
            output, errors = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
        code = process.poll()
        if check and code:
            raise subprocess.CalledProcessError(code, process.args, output=output, stderr=errors)
    return subprocess.CompletedProcess(process.args, code, output, errors)


def can_be_a_copy(words, environment):
    """Whether the command is this Python with a module or code, and with the settings that a copy has read already."""
    return (
        ON
        and len(words) > 2
        and words[0] == sys.executable
        and words[1] in {"-m", "-c"}
        and read_at_start(environment) == (SERVER.settings or read_at_start(os.environ))
    )


def read_at_start(environment):
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}
