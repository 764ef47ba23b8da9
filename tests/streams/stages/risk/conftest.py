"""A risk partition without a runner: blocks in, alert rows out, and rows to feed it with."""

import datetime as dt
import json

import polars as pl
import pytest

from suyuan.domain.calendar import day_start_ms
from suyuan.schemas.blocks import block_schema, decode_block, encode_block
from suyuan.streams.stage import Block, StageContext
from suyuan.streams.stages.risk.chains import judge_chains
from suyuan.streams.stages.risk.records import judge_day, judge_records
from suyuan.streams.stages.risk.watch import built_in_watch
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.view import Overlay

FIRST_DAY = dt.date(2026, 3, 1)
RECEIVED = 1_772_000_000_000
PLATFORM = "91110108MA01234567"
JUDGES = {"chain": judge_chains, "risk.record": judge_records, "risk.backlog": judge_day}


class Partition:
    """`feed` gives the alert rows of a block; what it leaves for later is worked off at once, or kept in `backlog`."""

    def __init__(self, watch=None, slice_rows=4000, *, later=False):
        self.store = MemoryStore()
        self.context = StageContext(0, 1, slice_rows=slice_rows)
        self.watch = watch
        self.later = later
        self.backlog = []
        self.offsets = {}
        self.turns = 0

    def feed(self, topic, rows, *, offset=None, redelivered=False):
        if offset is None:
            offset = self.offsets[topic] = self.offsets.get(topic, -1) + 1
        name = {"chain": "chain", "risk.record": "record", "risk.backlog": "backlog"}[topic]
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema=block_schema(name))
        block = Block(topic, 0, offset, offset, 0, decode_block(encode_block(name, frame)), redelivered)
        view = Overlay(self.store)
        outputs = JUDGES[topic](self.watch or built_in_watch(), block, view, self.context)
        self.store.write_batch(*view.changes())
        self.turns += 1
        alerts, left = [], []
        for output in outputs:
            if output.topic == "risk.backlog":
                left.append(output.rows)
                continue
            assert (output.topic, output.key) == ("finding", "alert_id")
            alerts += decode_block(encode_block("finding", output.rows)).to_dicts()
        self.backlog += left
        while self.backlog and not self.later:
            alerts += self.feed("risk.backlog", self.backlog.pop())
        return alerts


@pytest.fixture
def partition():
    return Partition()


@pytest.fixture(scope="session")
def make_partition():
    return Partition


@pytest.fixture(scope="session")
def gap():
    def make(name, class_="contradicted", subject="S", detail="", evidence=("lab/i1",)):
        return {"gap": name, "class": class_, "subject": subject, "detail": detail, "evidence": list(evidence)}

    return make


@pytest.fixture(scope="session")
def chain():
    """A chain row; `day` is the listing's own, counted from FIRST_DAY."""

    def make(listing="a", version=1, *gaps, day=0, verdict=None, **columns):
        classes = {gap["class"] for gap in gaps}
        worst = (word for word, class_ in _VERDICTS if class_ in classes)
        return {
            "platform_code": PLATFORM,
            "listing_id": listing,
            "verdict": verdict or next(worst, "complete"),
            "status": "active",
            "title": "绿茶",
            "category": "tea",
            "seller_code": "91330106MA2CABCD12",
            "producer_code": "91440300MA5FABCD34",
            "gtin": "06901234567892",
            "lot": "B1",
            "price_fen": 5900,
            "sold_30d": 10,
            "listed_at": day_start_ms(FIRST_DAY + dt.timedelta(days=day)),
            "listing_event": f"shop/{listing}-{version}",
            "gap_names": sorted(gap["gap"] for gap in gaps),
            "gaps": list(gaps),
            "seller_status": "active",
            "producer_status": "active",
            "seller_division": "330106",
            "producer_division": "440305",
            "seller_penalties": 0,
            "received_at": RECEIVED + version,
            "revision": version,
            "assessment": version,
        } | columns

    return make


_VERDICTS = (("contradicted", "contradicted"), ("broken", "broken"), ("partial", "unverified"))


@pytest.fixture(scope="session")
def complaint():
    """A complaint row, on a day counted from FIRST_DAY."""

    def make(key, listing="a", day=0, version=0, *, retracted=False, received_at=RECEIVED + 2_000):
        return {
            "kind": "complaint",
            "key": f"12315\x1f{key}",
            "route": f"{PLATFORM}\x1f{listing}",
            "occurred_at": day_start_ms(FIRST_DAY + dt.timedelta(days=day)) + version,
            "event_id": f"{key}-{version}",
            "publisher": "12315",
            "digest": f"{version:08x}",
            "tie": 0,
            "retracted": retracted,
            "received_at": received_at,
            "body": "{}",
        }

    return make


@pytest.fixture(scope="session")
def turn():
    """A `day` row."""

    def make(day, received_at=RECEIVED + 3_000):
        date = str(FIRST_DAY + dt.timedelta(days=day))
        return {
            "kind": "day",
            "key": date,
            "route": "",
            "occurred_at": day_start_ms(FIRST_DAY + dt.timedelta(days=day)),
            "event_id": date,
            "publisher": "suyuan",
            "retracted": False,
            "received_at": received_at,
            "body": f'{{"date": "{date}"}}',
        }

    return make


def bureau_row(division, handled_by=None, version=0):
    """The record of a bureau, as a row of `risk.record`."""
    envelope = {"occurred_at": version, "event_id": f"b-{version}", "publisher": "P", "tie": 0, "digest": "d"}
    said = {"division": division, "name_zh": "局", "name_en": "B", "level": "county", "status": "active"}
    body = json.dumps(envelope | said | {"code": None, "handled_by": handled_by})
    row = {"kind": "bureau", "key": division, "route": "", "retracted": False, "received_at": RECEIVED + version}
    return row | envelope | {"body": body}


@pytest.fixture(scope="session")
def bureau():
    """The same."""
    return bureau_row
