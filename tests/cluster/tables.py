"""What reaches ClickHouse: `suyuan loader` as a process, tables behind an HTTP front, the verifier's figures."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

from suyuan.sinks.clickhouse import ClickHouse
from tests.cli.loader_process import LoaderProcess
from tests.streams.results import ALERT_NAMES

PATIENCE_SECONDS = 240


class Tables:
    """A database of its own on a front that others use too."""

    def __init__(self, front, folder):
        self._front = front
        self._folder = folder
        self.database = f"suyuan_{secrets.token_hex(4)}"

    def load(self, connection, patience=PATIENCE_SECONDS):
        """All that there is. The verifier finds nothing missing and nothing twice. Rows by table."""
        report, status, said = self.report(connection, patience)
        assert (report["gap"], report["duplicates"]) == (0, 0), said
        assert status == 0, said
        return report["rows"]

    def report(self, connection, patience=PATIENCE_SECONDS):
        """As `load`, whatever the verifier finds: (report, exit status, what the loader said)."""
        loader = LoaderProcess(
            self._folder, connection, self._front, "--once", "--json", SUYUAN_CLICKHOUSE_DATABASE=self.database
        )
        try:
            output, _ = loader.process.communicate(timeout=patience)
        finally:
            loader.process.kill()
            loader.process.wait()
        assert output, loader.log.read_text()
        return json.loads(output), loader.process.returncode, loader.log.read_text()

    def chains(self):
        """{(platform_code, listing_id): (verdict, gaps)} as readers see them; each listing once."""
        rows = self._ask("SELECT platform_code, listing_id, verdict, gap_names FROM chain_current")
        chains = {(platform, listing): (verdict, list(gaps)) for platform, listing, verdict, gaps in rows}
        assert len(chains) == len(rows)
        return chains

    def standing_alerts(self):
        """ALERT_NAMES of each."""
        names = ", ".join(ALERT_NAMES)
        rows = self._ask(f"SELECT {names} FROM alert_current WHERE state = 'raised'")  # noqa: S608 -- names of our own
        return {tuple(row) for row in rows}

    def _ask(self, query):
        with ClickHouse(replace(self._front.settings, database=self.database), make=False) as clickhouse:
            return clickhouse.writer.query(query).result_rows
