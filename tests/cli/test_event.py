"""`suyuan event`: what an event said, version by version, and as it came in."""

import json
import os
import sys

from suyuan.schemas.events import decode_event
from tests import prepared

SAID = {"kind": "entity", "event_id": "第 1", "publisher": "91330106MABQWU0B72", "occurred_at": 1_790_000_000_000}
SAID |= {"code": " 91330106mabqwu0b72", "status": "active"}


def test_versions_of_an_event_and_the_bytes_of_one(suyuan):
    lines = [json.dumps(SAID | {"name": name}).encode() for name in ("甲", "乙")]
    assert suyuan("publish", "-", "--json", stdin=b"\n".join(lines)).row["reused_id"] == 1
    assert suyuan("run", "--once", own=True).code == 0
    name = "entity/91330106MABQWU0B72/第%201"
    found = [json.loads(line) for line in suyuan("event", name, own=True).output.splitlines()]
    assert [(row["name"], row["code"]) for row in found] == [("甲", "91330106MABQWU0B72"), ("乙", "91330106MABQWU0B72")]
    ids = [row["evidence"] for row in found]
    assert all(each.startswith(f"{name}~") for each in ids)
    assert len(set(ids)) == 2
    (one,) = suyuan("event", ids[1], own=True).output.splitlines()
    assert json.loads(one)["name"] == "乙"
    several = suyuan("event", name, "--raw", own=True)
    assert (several.code, all(each in several.errors for each in ids)) == (1, True)
    assert suyuan("event", "entity/P/unknown", own=True).code == 1
    assert suyuan("event", "nothing", own=True).code == 2
    said = suyuan("doctor", own=True).output
    assert "1 of entity stand for more than one thing" in " ".join(said.split())


def test_the_raw_bytes_are_those_that_came_in(suyuan, data):
    suyuan("publish", "-", stdin=json.dumps(SAID | {"name": "甲"}).encode())
    assert suyuan("run", "--once", own=True).code == 0
    command = [sys.executable, "-m", "suyuan.cli.main", "event", f"{SAID['publisher']}/第%201", "--raw"]
    done = prepared.run(command, capture_output=True, check=True, env={**os.environ, "SUYUAN_DATA": str(data)})
    kind, event = decode_event(done.stdout)
    assert (kind, event["code"], event["name"]) == ("entity", SAID["code"], "甲")
