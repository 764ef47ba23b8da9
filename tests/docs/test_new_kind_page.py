"""The page on a new kind of event, walked in a copy of the house."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

from suyuan.schemas.declarations import PROPERTIES
from suyuan.schemas.fields import MARKS
from tests.docs.pages import DOCS, ROOT, code_blocks

PAGE = DOCS / "how-to" / "add-an-event-kind.md"
HERE = f"""
suyuan() {{ {sys.executable} -m suyuan.cli.main "$@"; }}
make() {{ {sys.executable} -m suyuan.sinks.new_kind "${{2#KIND=}}"; }}
"""


def test_the_page_leads_to_a_kind_that_is_published_and_shown(tmp_path):
    house = tmp_path / "house"
    shutil.copytree(ROOT / "suyuan", house / "suyuan", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for room in (link for link in (ROOT / "suyuan").iterdir() if link.is_symlink()):
        shutil.copytree(room.resolve(), house / room.name, ignore=shutil.ignore_patterns("__pycache__"))
    (schema,) = code_blocks(PAGE, "json")
    events = house / "schemas" / "avro" / "events"
    (events / "warehouse.avsc").write_text(schema, encoding="utf-8")
    walked = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", HERE + "\n".join(code_blocks(PAGE, "sh"))],
        capture_output=True,
        check=False,
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "SUYUAN_DATA": str(tmp_path / "data"), "SUYUAN_FSYNC": "false"},
        timeout=240,
    )
    assert walked.returncode == 0, walked.stderr.decode()
    migration, kept, published, *_, row = walked.stdout.decode().splitlines()
    assert migration == f"sinks/sql/{len(list((ROOT / 'sinks' / 'sql').iterdir())) + 1:04}_event_warehouse.sql"
    assert kept == "schemas/avro/events/history/warehouse.v1.avsc"
    assert published == "accepted 1, duplicate 0, rejected 0"
    said = json.loads(row)
    assert (said["kind"], said["warehouse_no"], said["categories"], said["pallets"]) == (
        "warehouse",
        "7",
        ["honey"],
        40,
    )


def test_the_page_names_every_property():
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in (*PROPERTIES, *MARKS) if f"\n| `{name}` |" not in page] == []
