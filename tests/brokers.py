"""Kafka brokers of a test's own, to be stopped, killed and held up at will."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from suyuan.connections.kafka import KafkaConnection

SCRIPT = Path(__file__).parents[1] / "deploy" / "kafka" / "kafka"
# brokers of tests live for seconds: compiled once and not again, they are there in half the time
JAVA_OPTIONS = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
STILL_SECONDS = 30.0


def kafka(*arguments, expect=0):
    """What `deploy/kafka/kafka` prints; `expect`: its exit status. With another than 0: what it prints as errors."""
    command = [sys.executable, SCRIPT, *map(str, arguments)]
    environment = JAVA_OPTIONS | os.environ
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stderr if expect else done.stdout


class Broker:
    """A cluster that runs until the end of the `with`, and never longer than this process. Ids are 1, 2, …

    What takes `broker` means that one, or all of them when it is None.
    """

    def __init__(self, folder, brokers, heap, secure):
        self.folder = Path(folder)
        self.secure = secure
        self.keep = False
        """whether the folder stays at the end"""
        self._start = ("start", "--folder", self.folder, "--port", 0, "--brokers", brokers, "--heap", heap)
        self._start += ("--secure",) if secure else ()
        self._ids = range(1, brokers + 1)
        # ends the brokers even when this process is killed: then its standard input ends
        guard = [sys.executable, SCRIPT, "guard", "--folder", self.folder]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        try:
            self.servers = self._first_start()
        except BaseException:
            self._end_guard()
            raise

    @classmethod
    def start(cls, folder, brokers=1, *, heap="512m", secure=False):
        """`folder`: is made, and removed at the end. `secure`: TLS with SCRAM, and mTLS on other ports.

        Returns when all brokers answer.
        """
        return cls(folder, brokers, heap, secure)

    def _first_start(self):
        """A port that was free when it was chosen may be taken when the broker comes to it: then with others."""
        for left in reversed(range(3)):
            try:
                return tuple(kafka(*self._start).strip().split(","))
            except AssertionError as failed:
                if not left or "in use" not in str(failed):
                    raise
                shutil.rmtree(self.folder)
        raise AssertionError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            kafka("stop" if self.keep else "wipe", "--folder", self.folder)
        finally:
            self._end_guard()

    @property
    def connection(self):
        """How clients reach it: over TLS with user and password when it is secured."""
        if not self.secure:
            return KafkaConnection(servers=self.servers)
        return KafkaConnection(
            servers=self.servers,
            tls=True,
            ca_file=self.folder / "security" / "ca.pem",
            mechanism="SCRAM-SHA-512",
            username="suyuan",
            password=(self.folder / "security" / "password").read_text(),
        )

    @property
    def mutual_connection(self):
        """How clients reach a secured one with a certificate instead of a password."""
        nodes = json.loads((self.folder / "cluster.json").read_text())["nodes"]
        return KafkaConnection(
            servers=tuple(f"127.0.0.1:{node['mutual']}" for node in nodes),
            tls=True,
            ca_file=self.folder / "security" / "ca.pem",
            certificate_file=self.folder / "security" / "client.pem",
        )

    def token(self, lifetime=3600):
        """For OAUTHBEARER; `lifetime`: seconds from now."""
        return kafka("token", "--folder", self.folder, "--lifetime", lifetime)

    def stop(self, broker=None):
        """In order, as at SIGTERM; returns when it has ended."""
        kafka("stop", "--folder", self.folder, *(() if broker is None else ("--broker", broker)))

    def restart(self):
        """Starts what was stopped or killed, on the same port; returns when all brokers answer."""
        kafka(*self._start)

    def kill(self, broker=None):
        """As a power cut that the machine survives; returns when it has ended."""
        for pid in self._pids(broker):
            os.kill(pid, signal.SIGKILL)
        self.stop(broker)  # waits for it

    def pause(self, broker=None):
        """Stands still, with its connections open, until `resume` or `stop`."""
        for pid in self._pids(broker):
            os.kill(pid, signal.SIGSTOP)
            _wait_still(pid)

    def resume(self, broker=None):
        for pid in self._pids(broker):
            os.kill(pid, signal.SIGCONT)

    def _pids(self, broker):
        ids = self._ids if broker is None else (broker,)
        return [int((self.folder / str(each) / "pid").read_text()) for each in ids]

    def _end_guard(self):
        self._guard.stdin.close()
        self._guard.wait()


def _wait_still(pid):
    """Until every thread of a process has stopped: on a busy machine others go on, and answer, while the one that is
    handed the signal waits for its turn. Where there is no /proc, nothing tells.
    """
    tasks, until = Path(f"/proc/{pid}/task"), time.monotonic() + STILL_SECONDS
    while tasks.is_dir() and any(_goes_on(task) for task in tasks.iterdir()):
        assert time.monotonic() < until, f"process {pid} does not stop"
        time.sleep(0.005)


def _goes_on(task):
    try:
        state = (task / "stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:  # a thread that has ended since
        return False
    return state not in "TZX"
