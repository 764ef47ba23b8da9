"""A spot check by command, from the plan to files that a stranger verifies, and what is refused on the way."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import msgspec

from suyuan.cli.commands import checks
from suyuan.domain.checks.bodies import Party, Stratum, Weight, canonical
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.randomness import commitment
from tests.spot_checks import PARTIES, SECRETS, plan

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CHECK = "330100-2026-1"
DUE_MS = 240_000
"""from the plan on; the command's clock is put forward by that, as far as an act may be dated ahead of the log"""


def the_plan(now, check_id=CHECK, **changed):
    """By the registers of the examples."""
    parties = tuple(
        Party(name=name, commitment=commitment(check_id, name, secret), default="00" * 32)
        for name, secret in SECRETS.items()
    )
    made = plan(
        check_id=check_id,
        planned_at=now,
        population="title IS NOT NULL",
        column="category",
        strata=(Stratum(stratum="honey", size=2), Stratum(stratum="pastry", size=1, needs=("food",))),
        recusals=(),
        weights=(Weight(expression="verdict = 'broken'", weight=3),),
        randomness=msgspec.structs.replace(PARTIES, parties=parties, at=now + DUE_MS),
    )
    fields = json.loads(canonical(made)) | {
        "items": ["F-12"],
        "officers": ["A-01", "A-02", {"staff_no": "A-03", "most": 1}],
    }
    return json.dumps(fields | changed)


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


def test_from_the_plan_to_the_public_files(suyuan, tmp_path, monkeypatch):
    file = tmp_path / "plan.json"

    def done(*arguments):
        answer = suyuan("checks", *arguments)
        assert answer.code == 0, answer.errors
        assert suyuan("run", "--once", "--json", own=True).code == 0
        return answer

    def refused(*arguments):
        answer = suyuan("checks", *arguments)
        assert answer.code != 0
        return answer.errors

    assert suyuan("publish", *sorted(EXAMPLES.glob("*.csv"))).code == 0
    assert suyuan("run", "--once", "--json", own=True).code == 0
    assert "there are no checks yet" in suyuan("checks", "list").errors
    now = time.time_ns() // 1_000_000
    for changed, says in (
        ({"check_id": "330100-2026-2"}, f"the next one is {CHECK}"),
        ({"items": ["F-99"]}, "items[0]: F-99 is on no record"),
        ({"officers": ["A-01", "A-04"]}, "officers[1]: A-04 of bureau 330100 is away"),
        ({"column": "categori"}, "column: categori is no column that strata can be of: is it category?"),
    ):
        file.write_text(the_plan(now, **changed))
        assert says in refused("plan", file)
    file.write_text(the_plan(now))
    assert suyuan("checks", "plan", file).code == 0
    assert suyuan("run", "--once", "--json", own=True).code == 0
    secrets = [part for name, secret in SECRETS.items() for part in ("--reveal", f"{name}={secret}")]
    refused("draw", CHECK)
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", 0)
    extra = tmp_path / "penalties.csv"
    extra.write_text((EXAMPLES / "penalties.csv").read_text(encoding="utf-8").replace("d-1,", "d-2,"), encoding="utf-8")
    assert suyuan("publish", extra).code == 0
    assert "the tables are not that far" in refused("freeze", CHECK)
    assert suyuan("run", "--once", "--json", own=True).code == 0
    assert "have it witnessed" in done("freeze", CHECK).errors
    assert "was due: by nobody" in suyuan("checks", "show", CHECK).errors
    log, witness = witnessed(suyuan, tmp_path)
    assert "due in" in refused("randomness", CHECK, *secrets)
    assert "was due: university.example/witness" in suyuan("checks", "show", CHECK).errors
    monkeypatch.setattr(checks, "_now", lambda: time.time_ns() // 1_000_000 + DUE_MS + 1000)
    assert "no witness" not in done("randomness", CHECK, *secrets).errors
    assert len(done("draw", CHECK).output.splitlines()) == 4
    issued = [json.loads(line) for line in suyuan("orders", "list", "--check", CHECK, "--json").output.splitlines()]
    drawn = {each["listing_id"]: each for each in issued}
    assert ([each["order_no"] for each in issued], len(drawn)) == ([f"{CHECK}-{place}" for place in (1, 2, 3)], 3)
    for listing_id, each in drawn.items():
        chain = json.loads(suyuan("chain", each["platform_code"], listing_id, "--json").output)
        said = ("title", "seller_code", "producer_code", "gtin", "lot")
        assert [each[name] for name in said] == [chain[name] for name in said]
        assert (each["state"], len(each["officers"])) == ("issued", 2)
    folder = Path(done("publish", CHECK).errors.rpartition(" are in ")[2].strip())
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    rows = [json.loads(line) for line in gzip.decompress((folder / "frame.ndjson.gz").read_bytes()).splitlines()]
    assert [row["id"].split("/")[1] for row in rows] == ["100001", "100002", "100003", "100004"]
    assert [row["weight"] for row in rows] == [1, 1, 1, 3]
    published = json.loads((folder / "publication.json").read_bytes())["plan"]
    assert published["items"] == [{"item_class": "key", "item_no": "F-12"}]
    assert [(each["staff_no"], each["unit"], each["most"]) for each in published["officers"]] == [
        ("A-01", "食品生产监管处", 3),
        ("A-02", "食品生产监管处", 3),
        ("A-03", "网络交易监管处", 1),
    ]
    shown = suyuan("checks", "verify", folder, "--key", log, "--key", witness, own=True)
    assert shown.code == 0
    assert "it was seen by: university.example/witness" in shown.output
    assert "not shown" not in shown.output
    orders = folder / "orders.ndjson"
    orders.write_bytes(orders.read_bytes().replace(b"A-0", b"A-1", 1))
    assert suyuan("checks", "verify", folder).code != 0
    row = suyuan("checks", "list", "--under", "330100", "--json").row
    assert (row["check_id"], row["stage"], row["rows"], row["orders"], row["void"]) == (CHECK, "publish", 4, 3, 0)
    assert CHECK in suyuan("checks", "list").output
    done("cancel", CHECK, "--reason", "a listing was forgotten")
    assert "what may come now: nothing" in refused("publish", CHECK)
    acts = [json.loads(line) for line in suyuan("checks", "show", CHECK, "--json").output.splitlines()]
    assert [act["act"] for act in acts] == ["plan", "freeze", "randomness", "draw", "publish", "cancel"]
    assert [act["body"].get("after") for act in acts] == [None, *(act["sha256"] for act in acts[:-1])]
    assert all(act["counts"] for act in acts)
    assert "suyuan checks list" in refused("show", "330100-2026-9")
