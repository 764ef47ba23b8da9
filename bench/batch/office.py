"""The batch way: an office's own tables of events in ClickHouse, and one statement that makes all chains anew."""

# ruff: noqa: S608 -- of names of this module's own

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from suyuan.schemas.kinds import BUSINESS_KEYS
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.readers import Row

STATEMENT = (Path(__file__).parents[1] / "rivals" / "batch" / "chains.sql").read_text(encoding="utf-8")
GAPS = sorted(set(re.findall(r"told\('([a-z_]+)'", STATEMENT)))
"""those that the statement finds; in what it is compared with all others are left out"""
KINDS = ("listing", "entity", "product", "licence", "lot", "recall")
MEMORY_MIB = 12_000
"""more than any run took: nothing is spilled to disk"""
SETTINGS = {"max_bytes_before_external_group_by": 0, "max_bytes_before_external_sort": 0, "max_threads": os.cpu_count()}
EXAMPLES = 5


class Office:
    """The events of a data folder in tables of the office's own, in the same ClickHouse. The system on that folder must
    have been stopped.
    """

    def __init__(self, clickhouse: ClickHouse, files: Path, statement: str = STATEMENT) -> None:
        self._clickhouse = clickhouse
        self._files = files
        self._statement = statement
        self._ours = clickhouse.settings.database
        self._command("CREATE DATABASE IF NOT EXISTS office")
        for kind in KINDS:
            key = ", ".join(BUSINESS_KEYS[kind])
            self._command(
                f"CREATE OR REPLACE TABLE office.event_{kind} ENGINE = MergeTree ORDER BY ({key})"
                f" EMPTY AS SELECT * FROM {self._ours}.event_{kind}"
            )

    def fill(self) -> dict[str, float]:
        """Load all events, from files in ClickHouse's own format; seconds by kind. Writing the files is not counted."""
        return {kind: self._load(kind, self._write(kind, "all", "")) for kind in KINDS}

    def make_chains(self) -> float:
        """Run the statement, whose result takes the place of the one before; seconds."""
        with self._in_office():
            began = time.perf_counter()
            self._command(
                "CREATE OR REPLACE TABLE office.chain ENGINE = MergeTree ORDER BY (platform_code, listing_id) AS "
                + self._statement
            )
            return time.perf_counter() - began

    def compare(self) -> dict[str, Any]:
        """Every listing's row beside the system's current chain, of which the other gaps are left out: verdict, and of
        each gap name, class, subject, detail and evidence.
        """
        ours = (
            "SELECT platform_code, listing_id, arrayFilter(x -> x.gap IN {gaps:Array(String)}, gaps) AS gaps,"
            " multiIf(status != 'active', 'removed', has(gaps.class, 'contradicted'), 'contradicted',"
            " has(gaps.class, 'broken'), 'broken', has(gaps.class, 'unverified'), 'partial', 'complete') AS verdict"
            f" FROM {self._ours}.chain_current"
        )
        differing = self._select(
            "SELECT platform_code, listing_id, count() OVER () AS differing, groupArray((side, said)) AS both FROM ("
            " SELECT 'batch' AS side, platform_code, listing_id, toString((verdict, gaps)) AS said FROM office.chain"
            " UNION ALL"
            f" SELECT 'suyuan', platform_code, listing_id, toString((verdict, gaps)) FROM ({ours})"
            ") GROUP BY platform_code, listing_id"
            " HAVING NOT (count() = 2 AND uniqExact(side) = 2 AND uniqExact(said) = 1)"
            f" ORDER BY platform_code, listing_id LIMIT {EXAMPLES}",
            gaps=GAPS,
        )
        found = self._select(
            "SELECT gap, count() AS listings FROM office.chain ARRAY JOIN gaps.gap AS gap GROUP BY gap ORDER BY gap"
        )
        (rows,) = self._select("SELECT count() AS listings FROM office.chain")
        return {
            "listings": rows["listings"],
            "differing": differing[0]["differing"] if differing else 0,
            "examples": [str(row) for row in differing],
            "gaps": {row["gap"]: row["listings"] for row in found},
        }

    def keep_timetable(self, rate: int, period: float, rounds: int) -> dict[str, Any]:
        """Load what came in and make the chains anew every `period` seconds, while `rate` listings a second come in
        evenly; how old an event is when its chain can be read.
        """
        count = round(rate * period)
        portions = [self._write("listing", str(number), count) for number in range(rounds)]
        began, ages = time.monotonic(), []
        for number, portion in enumerate(portions):
            time.sleep(max(0.0, began + (number + 1) * period - time.monotonic()))
            self._load("listing", portion)
            self.make_chains()
            ended = time.monotonic() - began
            ages.append((ended - (number + 0.5) * period, ended - number * period))
        return {
            "mean_seconds": round(statistics.mean(mean for mean, _ in ages), 2),
            "worst_seconds": round(max(worst for _, worst in ages), 2),
        }

    def _write(self, kind: str, name: str, count: int | None = None) -> Path:
        """A file of all events of a kind; or of so many listings that come in later, each a new one."""
        file = self._files / f"{kind}-{name}.native"
        changed = f"REPLACE (concat('{name}-', toString(rowNumberInAllBlocks())) AS listing_id)" if count else ""
        self._command(
            f"INSERT INTO FUNCTION file('{file}', Native) SELECT * {changed} FROM {self._ours}.event_{kind}"
            + (f" LIMIT {count}" if count else "")
        )
        return file

    def _load(self, kind: str, file: Path) -> float:
        began = time.perf_counter()
        self._command(f"INSERT INTO office.event_{kind} SELECT * FROM file('{file}', Native)")
        return time.perf_counter() - began

    @contextmanager
    def _in_office(self) -> Iterator[None]:
        writer = self._clickhouse.writer
        writer.database = "office"
        try:
            yield
        finally:
            writer.database = self._ours

    def _command(self, statement: str) -> None:
        self._clickhouse.writer.command(statement, settings=SETTINGS)

    def _select(self, statement: str, **parameters: object) -> list[Row]:
        return self._clickhouse.select(statement, parameters)


@contextmanager
def office_of(folder: Path, files: Path, statement: str = STATEMENT) -> Iterator[Office]:
    """The office beside a data folder on which nothing runs. `files`: an empty folder for the events' files."""
    settings = ClickHouseSettings(path=folder / "clickhouse", memory_mib=MEMORY_MIB)
    with ClickHouse(settings) as clickhouse:
        yield Office(clickhouse, files.resolve(), statement)
