"""The whole way of the data: stage by stage, topics in → function → topics out. Start reading here.

    publishers → in.<kind> → INTAKE → seller.* → SELLER → producer.* → PRODUCER → chain → RISK → alert
                                │                            ↕ producer.lineage      │
                                └ event.<kind>, dead_letter ─┴──────── sinks ────────┘

A function is pure: (block or run, keyed state of its partition, where it runs) → blocks for other topics. The runner
(`streams/runner.py`) gives it state, writes down what it changed, sends what it returns, and only then acknowledges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suyuan.schemas.kinds import KINDS
from suyuan.streams.stage import BlockStage, RunStage
from suyuan.streams.stages import producer, seller
from suyuan.streams.stages.intake import take_in
from suyuan.streams.stages.intake_lookups import answer_lookups
from suyuan.streams.stages.risk import risk

RECORD_KINDS = tuple(kind for kind in KINDS if kind != "listing")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, its topics and the functions that read them. Of topics that wait at the same time those named first are
    read first.

    `runs`: topics of single events, read a fetched run at a time. `blocks`: topics of blocks. `writes`: every topic
    that a function of the stage may return.
    """

    name: str
    writes: tuple[str, ...]
    blocks: Mapping[str, BlockStage]
    runs: Mapping[str, RunStage]

    @property
    def reads(self) -> tuple[str, ...]:
        """Every input topic."""
        return (*self.runs, *self.blocks)


TOPOLOGY = (
    Stage(
        "intake",
        runs={f"in.{kind}": take_in for kind in (*RECORD_KINDS, "listing")},
        blocks={"intake.lookup": answer_lookups},
        writes=(
            "seller.listing", "seller.record", "producer.record", "risk.record",
            "intake.lookup", *(f"event.{kind}" for kind in KINDS), "dead_letter",
        ),
    ),
    Stage(
        "seller",
        runs={},
        blocks={
            "seller.record": seller.note_seller_records,
            "seller.listing": seller.meet_seller,
            "seller.backlog": seller.retell_sellers,
        },
        writes=("producer.listing", "seller.backlog"),
    ),
    Stage(
        "producer",
        runs={},
        blocks={
            "producer.record": producer.note_records,
            "producer.lineage": producer.hear_lineage,
            "producer.listing": producer.meet_producer,
            "producer.backlog": producer.go_on,
        },
        writes=("chain", "intake.lookup", "producer.lineage", "producer.backlog"),
    ),
    Stage(
        "risk",
        runs={},
        blocks={"risk.record": risk, "chain": risk, "risk.backlog": risk},
        writes=("alert", "risk.backlog"),
    ),
)  # fmt: skip

STAGE_OF = {topic: stage.name for stage in TOPOLOGY for topic in stage.reads}
READ_TOPICS = tuple(sorted({topic for stage in TOPOLOGY for topic in stage.reads}))
