"""Every topic: what its key is, what its values hold, how long they stay. Read with docs/ARCHITECTURE.md.

All topics have the same partition count, one setting for the whole installation. Topics without a key are
written to the partition of the stage that writes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from suyuan.schemas.kinds import BUSINESS_KEYS, KINDS

BETWEEN_STAGES = dt.timedelta(days=1)
TO_SINKS = dt.timedelta(days=7)
OF_SEVERAL = TO_SINKS + dt.timedelta(days=2)
"""what rows of other topics name: it is sent once a day for all of them (`streams/lately.py`), so it stays longer"""
ON_RECORD = dt.timedelta(days=400)
IN_A_FOLDER = dt.timedelta(minutes=1)
"""instead of the first three, in the log of a data folder: what each reader is through with lies in the state and the
tables, in the same folder, and nobody reads it again (docs/decisions/0021-what-a-million-listings-take-on-disk.md)"""

INPUTS = tuple(f"in.{kind}" for kind in (*KINDS[1:], KINDS[0]))
"""topics by which events come in: those of records before that of the listings that rest on them"""
CONTROLS = ("access", "subscription", "note")
"""of the topics `in.<name>` that faces and the tables read and no stage does: what is said of the system itself, and
what people wrote
"""
ERASED_WITHIN = dt.timedelta(days=7)


AUDIT_KEY = "the word audit"


@dataclass(frozen=True, slots=True)
class Topic:
    """`key`: what chooses the partition, in words; None: the writer's own partition.

    `schema`: the event kind or block name of the values, or what JSON is about. `value`: one framed Avro event, a block
    of many rows, or one JSON object. `compacted`: only the last value of each key is kept. `retention`: how long a
    message stays after every group that reads the topic has committed past it; None: for ever. `compacted_within`: how
    soon what is not the last of its key is gone from Kafka at the latest; None: when the brokers find it worth while.

    `table`: the ClickHouse table that its rows are inserted into; None: none. `insert_within`: seconds that rows may
    wait for others before they are; topics whose rows may wait least are loaded first.
    """

    name: str
    key: str | None
    schema: str
    value: Literal["event", "block", "json"]
    compacted: bool = False
    compacted_within: dt.timedelta | None = None
    retention: dt.timedelta | None = None
    table: str | None = None
    insert_within: float = 1.0

    @property
    def kept_in_a_folder(self) -> dt.timedelta | None:
        """How long a message stays in the log of a data folder, after every group that reads the topic has committed
        past it; None: for ever.
        """
        passes = self.retention is not None and self.retention <= OF_SEVERAL
        return IN_A_FOLDER if passes else self.retention


TOPICS: tuple[Topic, ...] = (
    *(Topic(f"in.{kind}", ", ".join(BUSINESS_KEYS[kind]), kind, "event") for kind in KINDS),
    Topic("in.access", "grant or subject", "access", "json"),
    Topic("in.subscription", "subscription", "subscription", "json"),
    Topic(
        "in.note",
        "note",
        "note",
        "block",
        compacted=True,
        compacted_within=ERASED_WITHIN,
        table="note",
        insert_within=0.1,
    ),
    Topic("intake.lookup", "business key of the record wanted", "lookup", "block", retention=BETWEEN_STAGES),
    *(
        Topic(f"event.{kind}", None, f"event_{kind}", "block", retention=TO_SINKS, table=f"event_{kind}")
        for kind in KINDS
    ),
    Topic("producer.listing", "producer code, else listing", "listing", "block", retention=BETWEEN_STAGES),
    Topic(
        "producer.record",
        "code concerned, or the partition that asked",
        "record",
        "block",
        retention=BETWEEN_STAGES,
    ),
    Topic(
        "producer.lineage",
        "producer code of the lot that is told",
        "lineage",
        "block",
        retention=BETWEEN_STAGES,
    ),
    Topic(
        "producer.seller",
        "seller code asked for, or the partition that asked",
        "seller_facts",
        "block",
        retention=BETWEEN_STAGES,
    ),
    Topic("producer.backlog", None, "backlog", "block", retention=BETWEEN_STAGES),
    Topic(
        "chain.parties",
        None,
        "chain_parties",
        "block",
        retention=OF_SEVERAL,
        table="chain_parties",
        insert_within=0.25,
    ),
    Topic("chain", "listing", "chain", "block", retention=TO_SINKS, table="chain_history", insert_within=0.5),
    Topic("risk.record", "listing concerned", "record", "block", retention=BETWEEN_STAGES),
    Topic("risk.backlog", None, "backlog", "block", retention=BETWEEN_STAGES),
    Topic("finding", "alert", "finding", "block", retention=TO_SINKS, table="finding_history", insert_within=0.5),
    Topic("alert.record", "alert", "record", "block", retention=BETWEEN_STAGES),
    Topic("alerting.backlog", None, "backlog", "block", retention=BETWEEN_STAGES),
    Topic(
        "alert.state",
        "alert",
        "alert_state",
        "block",
        retention=ON_RECORD,
        table="alert_state_history",
        insert_within=0.1,
    ),
    Topic("audit.record", AUDIT_KEY, "audit_record", "block", retention=BETWEEN_STAGES),
    Topic("audit.entry", AUDIT_KEY, "audit_entry", "block", table="audit_entry", insert_within=0.1),
    Topic("audit.root", AUDIT_KEY, "audit_root", "block", table="audit_root", insert_within=0.1),
    Topic("audit.checkpoint", AUDIT_KEY, "audit_checkpoint", "block", table="audit_checkpoint", insert_within=0.1),
    Topic("dead_letter", None, "dead_letter", "block", retention=ON_RECORD, table="dead_letter", insert_within=0.5),
    Topic(
        "dead_letter.replay",
        "place of the dead letter",
        "replay",
        "block",
        retention=ON_RECORD,
        table="dead_letter_replay",
        insert_within=0.1,
    ),
    Topic("webhook.pending", "subscription, webhook-id", "webhook.pending", "json", compacted=True),
    Topic(
        "webhook.delivery",
        "subscription",
        "delivery",
        "block",
        retention=TO_SINKS,
        table="webhook_delivery",
        insert_within=0.1,
    ),
)

KEYS_MARK = "in.keys-2"
"""on Kafka, a topic that holds nothing: it was made with the others, so events lie in them by the keys of now"""
FORMER_TOPICS = (
    f"the topics of events were made by a former version of suyuan (there is no topic {KEYS_MARK} beside them): their "
    "events lie by other business keys. Nothing was touched. `suyuan log export --kafka HOST:PORT --out events.jsonl` "
    "writes all of them, and `suyuan publish events.jsonl` into another cluster, or a folder, makes everything anew "
    "(docs/how-to/move-to-a-new-version.md). Where nothing was ever published to them, delete them and make them again"
)

_VALUES = {"event": "one framed `{}` event", "block": "block `{}`", "json": "one JSON object of `{}`"}
_BY_NAME = {topic.name: topic for topic in TOPICS}


def topic(name: str) -> Topic:
    """The topic with that name. Raises KeyError."""
    return _BY_NAME[name]


def topics_table() -> str:
    """The table as Markdown, one line per topic."""
    lines = ["| topic | key (chooses the partition) | value | kept | table |", "|---|---|---|---|---|"]
    for one in TOPICS:
        value = _VALUES[one.value].format(one.schema)
        passes = one.kept_in_a_folder != one.retention
        kept = "for ever" if one.retention is None else f"{one.retention.days} d after it was read"
        kept += f"; in a folder {one.kept_in_a_folder.seconds // 60} min" if passes and one.kept_in_a_folder else ""
        kept = "the last of each key" if one.compacted else kept
        table = "–" if one.table is None else f"`{one.table}`"
        lines.append(f"| `{one.name}` | {one.key or '–'} | {value} | {kept} | {table} |")
    lines.append(
        f"| `{KEYS_MARK}` (on Kafka) | – | nothing: it says by which keys events lie in the others | for ever | – |"
    )
    return "\n".join(lines) + "\n"
