"""`suyuan loader` as a process, its servers and its topics."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from suyuan.schemas.topics import KEYS_MARK, TOPICS
from tests import prepared
from tests.ports import HeldPort
from tests.sinks.kafka_topics import make_topics

PATIENCE = 120.0


def until(condition, what):
    """Until it holds; what it gave."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
    return found


def make_all_topics(connection, partitions=2):
    make_topics(connection, "", partitions, [*(topic.name for topic in TOPICS), KEYS_MARK])


class LoaderProcess:
    """Runs until `end`; its standard error is in `log`."""

    def __init__(self, folder, kafka, clickhouse, *options, **environment):
        number, path = tempfile.mkstemp(".log", "loader-", folder)
        os.close(number)
        self.log = Path(path)
        self._held = HeldPort()
        self.metrics_port = self._held.number
        servers = {"SUYUAN_KAFKA": ",".join(kafka.servers), "SUYUAN_CLICKHOUSE": f"127.0.0.1:{clickhouse.port}"}
        with self.log.open("wb") as errors:
            self.process = prepared.Popen(
                [sys.executable, "-m", "suyuan.cli.main", "loader", *options],
                env={**os.environ, **servers, "SUYUAN_METRICS_PORT": str(self.metrics_port), **environment},
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def said(self, text):
        return text in self.log.read_text()

    def metric(self, name, **labels):
        """The sum of a figure's values with these labels; None until it is served."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return None
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        fits = [line for line in lines if line.partition("{")[0].split()[0] == name and all(w in line for w in wanted)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in fits)

    def resident_mib(self):
        with Path(f"/proc/{self.process.pid}/status").open() as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024

    def end(self, number=signal.SIGTERM):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)
