"""A command is there at once: what others need is not imported for it."""

import subprocess
import sys

import pytest
import typer

from suyuan.cli.commands_on_demand import CommandsOnDemand
from suyuan.cli.main import COMMANDS, app
from tests.docs.pages import DOCS

LOADED = """
import atexit, sys
atexit.register(lambda: print(*(name for name in sys.modules if name.startswith(("suyuan.cli.commands.", "faust"))),
                              file=sys.stderr))
from suyuan.cli.main import main
sys.argv = ["suyuan", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize("command", ["publish", "chains"])
def test_another_command_is_not_imported(command):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, command, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.split() == [f"suyuan.cli.commands.{command}"]


PUBLISHES = """
import sys
from pathlib import Path
from suyuan.cli.main import app
app(["publish", sys.argv[1], "--data", sys.argv[2]], standalone_mode=False)
print(*sorted({"aiokafka", "kafka", "faust", "chdb"} & set(sys.modules)), file=sys.stderr)
"""


def test_whoever_publishes_into_a_folder_loads_no_client_no_engine_and_no_framework(tmp_path):
    example = DOCS / "examples" / "entities.csv"
    done = subprocess.run(
        [sys.executable, "-c", PUBLISHES, example, tmp_path / "data"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("accepted ")
    assert done.stderr.split() == []


def test_every_command_can_be_made_and_says_what_it_does():
    commands = typer.main.get_command(app).commands
    assert list(commands) == list(COMMANDS)
    assert all(command.name == name and command.help for name, command in commands.items())


def test_a_name_that_is_no_command():
    assert CommandsOnDemand(COMMANDS).get("nonsense") is None
