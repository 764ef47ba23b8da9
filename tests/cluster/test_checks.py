"""A spot check by command over a real broker and a server's tables, from the plan to files that a stranger verifies."""

from __future__ import annotations

import json
import time

from suyuan.cli.commands import checks
from suyuan.domain.checks.publication import FILES
from tests.cli.conftest import in_this_process
from tests.cli.test_checks import CHECK, DUE_MS, EXAMPLES, the_plan
from tests.cluster.tables import Tables
from tests.spot_checks import SECRETS


def test_from_the_plan_to_the_public_files(make_cluster, front, tmp_path, monkeypatch):
    cluster, tables = make_cluster(partitions=2), Tables(front, tmp_path)
    public = tmp_path / "public"
    environment = {
        "SUYUAN_DATA": str(tmp_path / "data"),
        "SUYUAN_PUBLIC": str(public),
        "SUYUAN_KAFKA": ",".join(cluster.connection.servers),
        "SUYUAN_CLICKHOUSE": f"127.0.0.1:{front.port}",
        "SUYUAN_CLICKHOUSE_DATABASE": tables.database,
    }

    def command(*arguments):
        return in_this_process([str(each) for each in arguments], environment)

    def loaded():
        cluster.wait_drained()
        tables.load(cluster.connection)

    def done(*arguments):
        answer = command("checks", *arguments)
        assert answer.code == 0, answer.errors
        loaded()

    cluster.begin_worker("worker")
    assert command("publish", *sorted(EXAMPLES.glob("*.csv"))).code == 0
    loaded()
    file, now = tmp_path / "plan.json", time.time_ns() // 1_000_000
    file.write_text(the_plan(now))
    done("plan", file)
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", 0)
    more = tmp_path / "penalties.csv"
    more.write_text((EXAMPLES / "penalties.csv").read_text(encoding="utf-8").replace("d-1,", "d-2,"), encoding="utf-8")
    assert command("publish", more).code == 0
    cluster.wait_drained()
    assert "the tables are not that far" in command("checks", "freeze", CHECK).errors
    loaded()
    done("freeze", CHECK)
    monkeypatch.setattr(checks, "_now", lambda: time.time_ns() // 1_000_000 + DUE_MS + 1000)
    done("randomness", CHECK, *(part for name, secret in SECRETS.items() for part in ("--reveal", f"{name}={secret}")))
    done("draw", CHECK)
    done("publish", CHECK)
    assert {*FILES} <= {path.name for path in (public / CHECK).iterdir()}
    assert command("checks", "verify", public / CHECK).code == 0
    row = json.loads(command("checks", "list", "--json").output)
    assert (row["check_id"], row["stage"], row["rows"], row["orders"], row["void"]) == (CHECK, "publish", 4, 3, 0)
