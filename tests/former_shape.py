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
GONE = ("seller.listing", "seller.record", "seller.backlog", "suyuan-seller-state-changelog")


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
    """Every row that was said in a folder, of each alert in order."""
    with Log.open(folder, "read") as log:
        return [
            row
            for _, fetched in messages(log, "alert")
            for value in fetched.values
            for row in decode_block(value).iter_rows(named=True)
        ]


def said_since(rows, before):
    """The rows behind those that were said `before`, once it is sure that they go on from them: of each alert the
    numbers without a hole or a repeat, raised only where it did not stand, changed and cleared only where it did; and
    of each one thing at most, so nobody is told in passing what does not stay.
    """
    count = {}
    for row in before:
        count[row["alert_id"]] = count.get(row["alert_id"], 0) + 1
    last, since = {}, []
    for row in rows:
        name = row["alert_id"]
        known = last.get(name)
        stood = known is not None and known["state"] == "raised"
        assert row["sequence"] == (known["sequence"] if known else 0) + 1, (known, row)
        assert (row["change"] != "raised") == stood, (known, row)
        last[name] = row
        if count.get(name, 0):
            count[name] -= 1
        else:
            since.append(row)
    assert not any(count.values()), "what was said is gone"
    assert len(since) == len({row["alert_id"] for row in since}), "told in passing"
    return since


def standing(rows):
    """Names of the alerts that stand, by what was said of them."""
    last = {row["alert_id"]: row["state"] for row in rows}
    return {name for name, state in last.items() if state == "raised"}
