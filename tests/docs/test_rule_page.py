"""The rule of the how-to, put into the catalogue, passes the check that the page names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from tests.docs.pages import DOCS, ROOT, code_blocks

PAGE = DOCS / "how-to" / "write-a-rule.md"


def test_the_rule_of_the_page_passes_its_check(tmp_path):
    package = tmp_path / "suyuan"
    package.mkdir()
    shutil.copy(ROOT / "suyuan" / "__init__.py", package)
    for folder in ("schemas", "connections", "publishing", "streams", "sinks", "simulation", "cli"):
        (package / folder).symlink_to(ROOT / folder)
    shutil.copytree(ROOT / "domain", package / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    (rule,) = code_blocks(PAGE, "toml")
    with (package / "domain" / "rules" / "catalogue.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write(f"\n{rule}")
    (check,) = re.findall(r"^ *```sh\n(.+)\n *```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    program, *arguments = check.split()
    assert program == ".venv/bin/pytest"
    about_the_catalogue = (
        "built_in or catalogue or removed"  # what else there is looks at no rule of it, and takes long
    )
    words = [sys.executable, "-P", "-m", "pytest", *arguments, "-p", "no:cacheprovider", "-k", about_the_catalogue]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert catalogue.name == _place(tmp_path)


def _place(folder):
    return subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "from suyuan.domain.rules.catalogue import catalogue_text; print(catalogue_text()[0], end='')",
        ],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
