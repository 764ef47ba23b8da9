"""What a former shape of the streams left, in which sellers had a stage of their own, and what is said of alerts.

`data/former/shape-1.tar.xz` is a data folder of two partitions as the version of commit 4ad96d6b left it. It was made
so: a market at random (`tests.reference.markets.generate(22, listings=40, products=5, noise=0.3)`, which has penalties,
complaints and a recall) was published in six parts, the first half of it, then 15, 10, 10, 9 and 6 %. After each
`suyuan run --once` worked on the folder: to its end after the first, later until nothing moved, and was killed. From
the second part on the loader's `TableSink.write` waited for ever, from the third on also `hear_chains` of risk, from
the fourth on `meet_producer`, from the fifth on `meet_seller`; the sixth was only published. So something waits in
`in.*`, between all stages and before the tables. The log was written without compression
(`eventlog.packing.COMPRESS_FROM_BYTES`), folded and vacuumed, so that it packs well; RocksDB's own logs were left out.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from suyuan.eventlog.log import Log
from suyuan.schemas.blocks import decode_block

PACKED = Path(__file__).parent / "data" / "former" / "shape-1.tar.xz"
PARTITIONS = 2
GONE = ("seller.listing", "seller.record", "seller.backlog", "alert", "suyuan-seller-state-changelog")


def former_folder(folder):
    """A copy of the data folder."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(folder, filter="data")
    return folder


def messages(log, topic):
    """(partition, Fetched) of everything that a topic of a log holds."""
    for number in range(log.partitions(topic)):
        offset, end = log.start_offset(topic, number), log.end_offset(topic, number)
        while offset < end:
            fetched = log.fetch(topic, number, offset)
            yield number, fetched
            offset = fetched.offsets[-1] + 1


def alert_rows(folder):
    """Every row that was said of alerts in a folder, of each alert in order."""
    with Log.open(folder, "read") as log:
        return [
            row
            for _, fetched in messages(log, "alert.state")
            for value in fetched.values
            for row in decode_block(value).iter_rows(named=True)
        ]


def standing(rows):
    """(alert_id, listings) of the alerts that stand, by what was said of them, each without a hole or a repeat, and of
    which nobody was told in passing what does not stay.
    """
    last = {}
    for row in rows:
        known = last.get(row["alert_id"])
        assert row["sequence"] == (known["sequence"] if known else 0) + 1, (known, row)
        last[row["alert_id"]] = row
    assert all(row["state"] == "raised" for row in rows), "told in passing"
    return {(name, row["listings"]) for name, row in last.items()}
