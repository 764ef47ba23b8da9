"""An alerting partition without a runner: blocks in, rows of alerts out, and rows to feed it with."""

import msgspec
import polars as pl
import pytest

from suyuan.domain.alerts.acts import Act
from suyuan.schemas.blocks import block_schema, decode_block, encode_block
from suyuan.streams.stage import Block, StageContext
from suyuan.streams.stages.alerting import hear_acts, hear_findings, settle
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.view import Overlay

STAGES = {"finding": hear_findings, "alert.record": hear_acts, "alerting.backlog": settle}
BLOCKS = {"finding": "finding", "alert.record": "record", "alerting.backlog": "backlog"}
LOT = "lot:91440300MA5FABCD34/06901234567892/B1"
RULE = "recalled_on_sale"
ALERT = "0123456789abcdef0123456789abcdef"
RECEIVED = 1_772_000_000_000


class Partition:
    """`feed` gives the rows of alerts that a block has published; rounds of settling wait in `backlog` for `rest`."""

    def __init__(self, slice_rows=4000):
        self.store = MemoryStore()
        self.slice_rows = slice_rows
        self.quiet_before = 0
        self.backlog = []
        self.offsets = {}

    def feed(self, topic, rows, *, offset=None, redelivered=False):
        if offset is None:
            offset = self.offsets[topic] = self.offsets.get(topic, -1) + 1
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema=block_schema(BLOCKS[topic]))
        decoded = decode_block(encode_block(BLOCKS[topic], frame))
        view = Overlay(self.store)
        context = StageContext(0, 1, slice_rows=self.slice_rows, quiet_before=self.quiet_before)
        outputs = STAGES[topic](Block(topic, 0, offset, offset, 0, decoded, redelivered), view, context)
        self.store.write_batch(*view.changes())
        said = []
        for output in outputs:
            if output.topic == "alerting.backlog":
                self.backlog.append(output.rows)
                continue
            assert (output.topic, output.key) == ("alert.state", "alert_id")
            said += decode_block(encode_block("alert_state", output.rows)).to_dicts()
        return said

    def rest(self):
        """Rounds until there are none."""
        said = []
        while self.backlog:
            said += self.feed("alerting.backlog", self.backlog.pop(0))
        return said


@pytest.fixture
def partition():
    return Partition()


@pytest.fixture(scope="session")
def make_partition():
    return Partition


@pytest.fixture(scope="session")
def finding():
    """A row of a finding that stands; `listing` names the listing, and the finding."""

    def make(listing="a", sequence=1, *, alert=f"{ALERT}-330106", stands=True, listed_at=RECEIVED, **columns):
        return {
            "finding_id": listing * 32,
            "alert_id": alert,
            "rule": RULE,
            "rule_version": 1,
            "severity": "high",
            "change": "raised" if stands else "cleared",
            "subject_kind": "lot",
            "subject": LOT,
            "platform_code": "91110108MA01234567",
            "listing_id": listing,
            "verdict": "contradicted",
            "title": "绿茶",
            "seller_code": "91330106MA2CABCD12",
            "producer_code": "91440300MA5FABCD34",
            "gtin": "06901234567892",
            "lot": "B1",
            "gap_names": ["lot_recalled"],
            "listed_at": listed_at,
            "triggering": '{"title":"绿茶","gtin":"06901234567892","lot":"B1","recall_level":2,"sold_30d":12}',
            "evidence": [f"listing/{listing}-{sequence}", "recall/r1"],
            "seller_division": "330106",
            "producer_division": "440305",
            "bureau": alert.partition("-")[2] or "330106",
            "bureau_why": "seller:330106",
            "basis": "00000000000000b1",
            "raised_at": RECEIVED + sequence,
            "changed_at": RECEIVED + sequence,
            "received_at": RECEIVED + sequence,
            "sequence": sequence,
            "revision": sequence,
            "assessment": sequence,
        } | columns

    return make


@pytest.fixture(scope="session")
def act():
    """A row of an act."""

    def make(name, number=1, *, alert=f"{ALERT}-330106", at=None, **fields):
        occurred_at = RECEIVED + 1_000 * number if at is None else at
        event_id, body = f"act-{number}", {"alert_id": alert, "act": name, "actor": "zhang", **fields}
        made = Act(event_id=event_id, publisher="SUYUAN", occurred_at=occurred_at, digest=f"{number:08x}", **body)
        return {
            "kind": "alert_act",
            "key": f"{alert}\x1fSUYUAN\x1f{event_id}",
            "route": alert,
            "occurred_at": occurred_at,
            "event_id": event_id,
            "publisher": "SUYUAN",
            "digest": made.digest,
            "tie": 0,
            "retracted": False,
            "received_at": occurred_at + 5,
            "body": msgspec.json.encode(made).decode(),
        }

    return make
