"""The tools that read what deploy/ holds: promtool, docker compose."""

from __future__ import annotations

import os
import subprocess
from functools import partial

import pytest

from tests.docs.pages import ROOT


def tool(name):
    """A function that runs it in the root of the repository and returns what it printed.

    It is built with Go where that was not done. Without Go a developer's tests of it are left out; CI fails.
    """
    target = f"build/tools/{name}"
    made = subprocess.run(["make", target], cwd=ROOT, capture_output=True, text=True, check=False)
    if made.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{target} was not built: {made.stderr}")
    return partial(run, ROOT / target)


def run(program, *arguments):
    # settings of compose that whoever runs the tests has would change what it reads
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPOSE_", "SUYUAN_", "KAFKA_"))
    }
    done = subprocess.run([program, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def promtool():
    return tool("promtool")


@pytest.fixture(scope="session")
def docker_compose():
    return tool("docker-compose")
