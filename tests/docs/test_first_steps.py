"""The shell blocks of the README and the tutorial, run as they stand, print what the pages show."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from suyuan.schemas.kinds import EVENT_KINDS
from tests.cli.terminal import shown_by
from tests.docs.pages import DOCS, ROOT, code_blocks

NOT_HERE = re.compile(r"^(make |\. |export )|^suyuan run(?! --once)|--follow", re.MULTILINE)
"""set-up, and what goes on until Ctrl-C"""


def run(script, data):
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SUYUAN_DATA": str(data),
        "SUYUAN_FSYNC": "false",
        "SUYUAN_PARTITIONS": "1",
        "TERM": "xterm",
    }
    return shown_by(["bash", "-euo", "pipefail", "-c", script], width=100, cwd=ROOT, env=environment)


def squeezed(text):
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "tutorial.md"], ids=lambda page: page.name)
def test_the_page_shows_what_one_gets(page, tmp_path):
    lines = "\n".join(code_blocks(page, "sh")).splitlines()
    printed = squeezed(run("\n".join(line for line in lines if not NOT_HERE.search(line)), tmp_path / "data"))
    shown = [line for block in code_blocks(page, "text") if "┃" not in block for line in squeezed(block)]
    assert len(shown) > 5
    assert [line for line in shown if line not in printed] == []
    if page.name == "tutorial.md":
        # the recall is closed: all is as it was before it
        verdicts = [line for line in printed if re.match(r"(complete|partial|broken|contradicted) ", line)]
        assert verdicts[:4] == verdicts[-4:] != verdicts[4:8]


def test_an_office_s_sheet_is_published_as_the_page_shows_it(tmp_path):
    page = DOCS / "how-to" / "publish-your-own-files.md"
    scripts = [block for block in code_blocks(page, "sh") if "office/" in block]
    assert ["--check" in script for script in scripts] == [True, False]
    for script, shown in zip(scripts, code_blocks(page, "text"), strict=True):
        printed = squeezed(run(script, tmp_path / "data"))
        assert [line for line in squeezed(shown) if line not in printed] == []


def test_there_is_an_example_of_every_kind_and_each_is_accepted(tmp_path):
    files = sorted((DOCS / "examples").glob("*.csv"))
    assert len(files) == len([kind for kind in EVENT_KINDS.values() if not kind.of_system])
    rows = sum(len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in files)
    printed = run(f"suyuan publish {' '.join(map(str, files))}", tmp_path / "data")
    assert printed == f"accepted {rows}, duplicate 0, rejected 0\n"


def test_the_csv_in_the_readme_is_accepted(tmp_path):
    (block,) = code_blocks(ROOT / "README.md", "csv")
    file = tmp_path / "listings.csv"
    file.write_text(block, encoding="utf-8")
    assert run(f"suyuan publish {file}", tmp_path / "data") == "accepted 1, duplicate 0, rejected 0\n"
