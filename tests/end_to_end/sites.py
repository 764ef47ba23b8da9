"""A running system of either shape with its portal, on the examples of the documentation."""

from __future__ import annotations

import os
import secrets
import sys
import time

from suyuan.access.principal import Role
from suyuan.operations.access import append_access, key_granted
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from tests import prepared
from tests.portal.browser.market import EXAMPLES
from tests.portal.browser.site import wanted
from tests.portal.processes import Started

ASK = (Role.REGULATOR, Role.PLATFORM)
PARTITIONS = 4


class Site:
    """What stories are told of: `url`, `keys` by role, and `environment` for commands.
    `settings`: by name, of what is started on it.
    """

    def __init__(self, folder, command, **settings):
        settings |= {"data": folder, "partitions": PARTITIONS, "fsync": False}
        self.environment = {f"SUYUAN_{name.upper()}": str(value) for name, value in settings.items()}
        self.deployment = deployment_of(Settings(**settings))
        self.keys = {}
        for role in (Role.REGULATOR, Role.PLATFORM, Role.PUBLISHER):
            key, granted = key_granted(wanted(role), "command", time.time_ns() // 1_000_000, secrets.token_bytes)
            append_access(self.deployment.outlet, granted)
            self.keys[role] = str(key)
        publish = [sys.executable, "-m", "suyuan.cli.main", "publish", *map(str, sorted(EXAMPLES.glob("*.csv")))]
        prepared.run(publish, env={**os.environ, **self.environment}, check=True, capture_output=True)
        self.process = Started(folder, command, **self.environment)
        self.url = self.process.url

    def start(self):
        """Returns when it answers everybody."""
        self.process.start()
        self.wait(lambda: self.process.answers() and all(self.get("/api/v1/alerts", role).is_success for role in ASK))

    def get(self, path, role):
        return self.process.get(path, self.keys[role])

    def wait(self, met):
        self.process.wait(met)
