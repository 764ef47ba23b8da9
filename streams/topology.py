"""The whole way of the data: stage by stage, topics in → function → topics out. Start reading here.

                   ┌────────── intake.lookup ──────────┐     tables      tables       tables, portal, webhooks
                   ↓                                   │       ↑            ↑              ↑
    in.<kind> → INTAKE → producer.listing ───────→ PRODUCER → chain → RISK → finding → ALERTING → alert.state
                 │  │                                  ↑               ↑                   ↑
                 │  ├───────── producer.record ────────┘               │                   │
                 │  └────────────────── risk.record ───────────────────┘     alert.record ─┘
                 └→ event.<kind>, dead_letter → tables      audit.record → AUDIT → audit.entry, audit.root → tables

Beside these, a stage sends on to itself what is left of long work (`*.backlog`; intake by `intake.lookup`), and
producers tell one another of their lots (`producer.lineage`) and of sellers (`producer.seller`). Keys and tables of
the topics: `schemas/topics.py`. That a stage returns no others than it `writes` is held by tests
(`tests/streams/stages/part.py`).

A function is pure: (block or run, keyed state of its partition, where it runs) → blocks for other topics. The runner
(`streams/runner.py`) gives it state, writes down what it changed, sends what it returns, and only then acknowledges.
"""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.schemas.kinds import KINDS
from suyuan.schemas.topics import INPUTS
from suyuan.streams.stage import Cache, Stage
from suyuan.streams.stages import alerting, audit, producer, risk
from suyuan.streams.stages.intake import take_in
from suyuan.streams.stages.intake_lookups import answer_lookups

SETTLE_SECONDS = 0.25
"""from one round of settling to the next"""
FACTS = (b"facts",)
"""what keys begin with of which the values are joined to every listing"""

TOPOLOGY = (
    Stage(
        "intake",
        runs=dict.fromkeys(INPUTS, take_in),
        blocks={"intake.lookup": answer_lookups},
        writes=(
            "producer.listing", "producer.record", "producer.seller", "risk.record",
            "alert.record", "audit.record", "intake.lookup", *(f"event.{kind}" for kind in KINDS), "dead_letter",
        ),
        keeps_pace={"in.listing": ("producer.listing",)},
    ),
    Stage(
        "producer",
        runs={},
        blocks={
            "producer.record": producer.note_records,
            "producer.lineage": producer.hear_lineage,
            "producer.seller": producer.hear_sellers,
            "producer.listing": producer.meet_producer,
            "producer.backlog": producer.go_on,
        },
        writes=(
            "chain.parties", "chain",
            "intake.lookup", "producer.lineage", "producer.seller", "producer.backlog",
        ),
        gives_way={"producer.backlog": ("chain",)},
        # the facts, and the places that sellers sell from: each is looked up whenever a listing comes
        cache=Cache(700_000, 288 << 20, FACTS),
    ),
    Stage(
        "risk",
        runs={},
        blocks={
            "risk.record": risk.hear_records,
            "chain": risk.hear_chains,
            "risk.backlog": risk.turn_day,
        },
        writes=("finding", "risk.backlog"),
        remembers=True,  # what was found: it follows from when the inputs came, which no reading again tells
    ),
    Stage(
        "alerting",
        runs={},
        blocks={
            "alert.record": alerting.hear_acts,
            "finding": alerting.hear_findings,
            "alerting.backlog": alerting.settle,
        },
        writes=("alert.state", "alerting.backlog"),
        lingers={"alerting.backlog": SETTLE_SECONDS},
        remembers=True,  # what was said to people
    ),
    Stage(
        "audit",
        runs={"in.access": audit.hear_access},
        blocks={"audit.record": audit.append_entries},
        writes=("audit.record", "audit.entry", "audit.root"),
        remembers=True,  # in which order entries came, which is the tree
    ),
)  # fmt: skip


def readers_of(topology: Iterable[Stage]) -> dict[str, tuple[str, ...]]:
    """By topic the names of all stages that read it."""
    readers: dict[str, tuple[str, ...]] = {}
    for stage in topology:
        for topic in stage.reads:
            readers[topic] = (*readers.get(topic, ()), stage.name)
    return readers


READERS = readers_of(TOPOLOGY)
READ_TOPICS = tuple(sorted(READERS))
