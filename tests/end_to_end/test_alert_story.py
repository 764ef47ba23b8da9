"""An alert over many listings is dealt with by API and by command while whoever works on it is killed: in a folder, and
over a real broker with three workers, a loader, ClickHouse's interface and a portal.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from suyuan.domain.keys import join_key, partition_of
from tests.cli.loader_process import LoaderProcess
from tests.cluster.conftest import front, make_cluster, tables
from tests.cluster.crew import Crew
from tests.end_to_end.sites import PARTITIONS, Site
from tests.portal.alert_story import RecalledLot, tell
from tests.portal.browser.market import PLATFORM

__all__ = ["front", "make_cluster", "tables"]

pytestmark = pytest.mark.real_time

LISTINGS = 24


def test_in_a_folder():
    with TemporaryDirectory(prefix="s") as folder:  # short: paths of sockets are limited
        site = Site(Path(folder) / "data", "run")
        site.start()

        def run_dies():
            site.process.kill()
            site.start()

        try:
            tell(RecalledLot(site, "STORY1", LISTINGS).raised(), run_dies)
        finally:
            site.process.stop()


def test_over_kafka_with_three_workers(make_cluster, tables, front, tmp_path):
    cluster = make_cluster(PARTITIONS)
    crew = Crew(cluster)
    crew.start("a", "b", "c")
    place = {"kafka": ",".join(cluster.connection.servers), "clickhouse_database": tables.database}
    site = Site(tmp_path / "portal", "portal", clickhouse=f"127.0.0.1:{front.port}", **place)
    loader = LoaderProcess(tmp_path, cluster.connection, front, SUYUAN_CLICKHOUSE_DATABASE=tables.database)
    try:
        site.start()
        crew.wait_at_work("a", "b", "c")
        lot = RecalledLot(site, "STORY1", LISTINGS)
        judged_in = {partition_of(join_key(PLATFORM, listing), PARTITIONS) for listing in lot.listings}
        assert judged_in == set(range(PARTITIONS))
        of_alert = partition_of(lot.alert, PARTITIONS)
        tell(lot.raised(), lambda: crew.kill(crew.who_has("alerting", of_alert)))
        assert crew.who_has("alerting", of_alert) in crew.names
        assert len(crew.names) == 2
        crew.check()
        assert loader.process.poll() is None, loader.log.read_text()
    finally:
        site.process.stop()
        loader.end()
    crew.stop(*crew.names)
    tables.load(cluster.connection)
