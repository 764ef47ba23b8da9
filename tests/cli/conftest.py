from __future__ import annotations

import json
import os
import sys

import pytest
from typer.testing import CliRunner

from suyuan.cli.main import app
from suyuan.errors import SuyuanError
from suyuan.runtime.exit_codes import exit_of
from tests import prepared


class Answer:
    def __init__(self, code, output, errors):
        self.code = code
        self.output = output
        self.errors = errors

    @property
    def row(self):
        (line,) = self.output.splitlines()
        return json.loads(line)


def in_this_process(arguments, environment):
    result = CliRunner().invoke(app, arguments, env=environment)
    if isinstance(result.exception, SuyuanError):
        return Answer(exit_of(result.exception), result.stdout, f"{result.stderr}{result.exception}")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def in_its_own(arguments, environment, stdin):
    done = prepared.run(
        [sys.executable, "-m", "suyuan.cli.main", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
        timeout=120,
    )
    answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in answer.errors, answer.errors
    return answer


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def suyuan(data, tmp_path, monkeypatch):
    """Run the command on a data folder of its own; as a process of its own for standard input, or if asked."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=None, own=False, **environment):
        environment = {"SUYUAN_DATA": str(data), "SUYUAN_FSYNC": "false", **environment}
        texts = [str(each) for each in arguments]
        if stdin is None and not own:
            return in_this_process(texts, environment)
        return in_its_own(texts, environment, stdin or b"")

    return run
