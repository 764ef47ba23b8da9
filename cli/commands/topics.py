"""`suyuan topics`: the topics of a Kafka cluster."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from suyuan.cli.options import AsJson, Kafka
from suyuan.cli.screen import print_json, put
from suyuan.operations.topics.check import mismatches
from suyuan.operations.topics.create import make_topics
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.settings import load

app = typer.Typer(help="The topics of a Kafka cluster.", no_args_is_help=True)

Partitions = Annotated[
    int | None,
    typer.Option(
        min=1, max=256, help="Of every topic and changelog; default: $SUYUAN_PARTITIONS, else 1.", show_default=False
    ),
]
CheckedPartitions = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=256,
        help="Of every topic and changelog; default: $SUYUAN_PARTITIONS, else as many as most of them have.",
        show_default=False,
    ),
]
Replication = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=32,
        help="Replicas, at least, of every topic; default: $SUYUAN_KAFKA_REPLICATION, else 1.",
        show_default=False,
    ),
]


@app.command("create")
def create(
    kafka: Kafka = None,
    partitions: Partitions = None,
    replication: Replication = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make every topic and changelog that is not there; those that are there stay as they are.

    Exit code 1 when one that was there is not as it has to be.
    """
    settings = load(kafka=kafka, partitions=partitions, kafka_replication=replication)
    done = make_topics(settings.kafka_connection(), settings.partitions, settings.kafka_replication)
    if as_json:
        print_json([asdict(done)])
    else:
        for name in done.made:
            put(f"made {name}")
        for mismatch in done.mismatches:
            put(str(mismatch))
        put(
            f"{len(done.made)} topics made with {settings.partitions} partitions, {len(done.there)} were there"
            + (f"; {len(done.mismatches)} things are wrong with those" if done.mismatches else "")
        )
    if done.mismatches:
        raise typer.Exit(Exit.FAILED)


@app.command("check")
def check(
    kafka: Kafka = None,
    partitions: CheckedPartitions = None,
    replication: Replication = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what is missing or not as it has to be: partition count, clean-up, retention, replicas, message size. Where
    no partition count is set, that of most topics is the right one for all.

    Exit code 1 when anything is. `suyuan worker` does not start then.
    """
    settings = load(kafka=kafka, partitions=partitions, kafka_replication=replication)
    found = mismatches(settings.kafka_connection(), settings.partitions_asked_for(), settings.kafka_replication)
    if as_json:
        print_json(map(asdict, found))
    else:
        for mismatch in found:
            put(str(mismatch))
        if not found:
            put("every topic is as it has to be")
    if found:
        raise typer.Exit(Exit.FAILED)
