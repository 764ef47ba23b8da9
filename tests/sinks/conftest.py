from __future__ import annotations

from io import BytesIO

import fastavro
import pytest

from suyuan.schemas.blocks import block_avro
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import PLACEHOLDERS, migrate
from tests.sinks.memory_log import MemoryLog
from tests.sinks.rows import NOW, PLATFORM, SELLER

WITHOUT_FSYNC = PLACEHOLDERS | {"settings": "non_replicated_deduplication_window = 1000"}


@pytest.fixture(scope="module")
def chdb(tmp_path_factory):
    """One engine for a whole module: a process can have one folder open at a time."""
    folder = tmp_path_factory.mktemp("chdb") / "clickhouse"
    with ClickHouse(ClickHouseSettings(path=folder)) as clickhouse:
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        yield clickhouse


@pytest.fixture
def log():
    return MemoryLog(partitions=2)


@pytest.fixture
def older_block():
    """As a version wrote it that did not know ship_from."""
    avro = block_avro("event_listing")
    avro = avro | {"fields": [field for field in avro["fields"] if field["name"] != "ship_from"]}
    row = {"platform_code": PLATFORM, "listing_id": "old", "title": "旧", "seller_code": SELLER, "event_id": "old"}
    row |= {"publisher": PLATFORM, "occurred_at": NOW, "received_at": NOW, "source_partition": 0, "source_offset": 99}
    out = BytesIO()
    fastavro.writer(out, avro, [row | {"outcome": "accepted"}])
    return out.getvalue()


def emptied(clickhouse):
    """The same database without rows; what inserts were made is forgotten too."""
    query = "SELECT DISTINCT table FROM system.parts WHERE database = currentDatabase() AND active AND rows > 0"
    for (table,) in clickhouse.writer.query(query).result_rows:
        if table != "migration":
            clickhouse.writer.command(f"TRUNCATE TABLE {table}")
    return clickhouse
