"""A spot check by command, from the plan to files that a stranger verifies, and what is refused on the way."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import msgspec
import pytest

from suyuan.domain.checks.bodies import Party, Stratum, canonical
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.randomness import commitment
from tests.spot_checks import PARTIES, SECRETS, plan

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CHECK = "330100-2026-1"
DUE_MS = 90_000


def the_plan(now, check_id=CHECK):
    parties = tuple(
        Party(name=name, commitment=commitment(check_id, name, secret), default="00" * 32)
        for name, secret in SECRETS.items()
    )
    return plan(
        check_id=check_id,
        planned_at=now,
        population="title IS NOT NULL",
        column="category",
        strata=(Stratum(stratum="honey", size=2), Stratum(stratum="pastry", size=1)),
        recusals=(),
        randomness=msgspec.structs.replace(PARTIES, parties=parties, at=now + DUE_MS),
    )


def witnessed(suyuan, folder):
    """A checkpoint with everything so far in it, signed, cosigned and kept; the public keys of log and witness."""
    keys = {}
    for name in ("bureau.example/audit", "university.example/witness"):
        file = folder / f"{len(keys)}.key"
        told = suyuan("audit", "key", name, "--out", file).output.split()
        keys[file] = dict(zip(told[::2], told[1::2], strict=True))
    (log_file, log), (witness_file, witness) = keys.items()
    request, cosigned = folder / "request", folder / "cosigned"
    assert suyuan("audit", "sign", SUYUAN_AUDIT_KEY_FILE=str(log_file)).code == 0
    assert suyuan("run", "--once", "--json", own=True).code == 0
    request.write_text(suyuan("audit", "checkpoint").output)
    own = ("--file", folder / "kept.jsonl", "--key", log["log"], "--key-file", witness_file)
    cosigned.write_text(suyuan("audit", "witness", "--at", request, *own).output)
    assert "kept the checkpoint" in suyuan("audit", "cosigned", "--at", cosigned, "--key", log["log"]).errors
    assert suyuan("run", "--once", "--json", own=True).code == 0
    return log["log"], witness["witness"]


@pytest.mark.real_time
def test_from_the_plan_to_the_public_files(suyuan, tmp_path):
    file = tmp_path / "plan.json"
    now = time.time_ns() // 1_000_000

    def done(*arguments):
        answer = suyuan("checks", *arguments)
        assert answer.code == 0, answer.errors
        assert suyuan("run", "--once", "--json", own=True).code == 0
        return answer

    assert suyuan("publish", *sorted(EXAMPLES.glob("*.csv"))).code == 0
    assert suyuan("run", "--once", "--json", own=True).code == 0
    file.write_bytes(canonical(the_plan(now, "330100-2026-2")))
    refused = suyuan("checks", "plan", file)
    assert refused.code != 0
    assert f"the next one is {CHECK}" in refused.errors
    now = time.time_ns() // 1_000_000
    file.write_bytes(canonical(the_plan(now)))
    done("plan", file)
    secrets = [part for name, secret in SECRETS.items() for part in ("--reveal", f"{name}={secret}")]
    assert suyuan("checks", "draw", CHECK).code != 0
    assert "have it witnessed" in done("freeze", CHECK).errors
    log, witness = witnessed(suyuan, tmp_path)
    assert "due in" in suyuan("checks", "randomness", CHECK, *secrets).errors or time.time() * 1000 > now + DUE_MS
    while time.time_ns() // 1_000_000 <= now + DUE_MS:
        time.sleep(0.5)
    assert "no witness" not in done("randomness", CHECK, *secrets).errors
    assert len(done("draw", CHECK).output.splitlines()) == 4
    folder = Path(done("publish", CHECK).errors.rpartition(" are in ")[2].strip())
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    rows = [json.loads(line) for line in gzip.decompress((folder / "frame.ndjson.gz").read_bytes()).splitlines()]
    assert [row["id"].split("/")[1] for row in rows] == ["100001", "100002", "100003", "100004"]
    assert [row["weight"] for row in rows] == [1, 1, 1, 3]
    shown = suyuan("checks", "verify", folder, "--key", log, "--key", witness, own=True)
    assert shown.code == 0
    assert "it was seen by: university.example/witness" in shown.output
    assert "not shown" not in shown.output
    orders = folder / "orders.ndjson"
    orders.write_bytes(orders.read_bytes().replace(b"A-0", b"A-1", 1))
    assert suyuan("checks", "verify", folder).code != 0
    done("cancel", CHECK, "--reason", "a listing was forgotten")
    assert "what may come now: nothing" in suyuan("checks", "publish", CHECK).errors
