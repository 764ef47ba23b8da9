"""Messages that request everything again that belongs to one partition, while the stages go on."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from suyuan.domain.keys import SEPARATOR
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.schemas.blocks import block_schema, encode_block
from suyuan.streams.stages.backlog import Task, task_rows
from suyuan.streams.stages.intake_lookups import EVERYTHING

LISTINGS = f"listing{SEPARATOR}".encode()
"""what keys of listings begin with, in the state of producers"""
REASON = "rebuild"


def requests(partition: int, partitions: int) -> Iterator[tuple[str, int, bytes]]:
    """(topic, partition, value) of the requests. Intake of every partition sends the records and listings that belong
    there; listings that the partition has already are assessed again even where nothing comes.
    """
    everything = pl.DataFrame({"kind": [EVERYTHING], "key": [""], "asker": [partition]}, schema=block_schema("lookup"))
    for number in range(partitions):
        yield "intake.lookup", number, encode_block("lookup", everything)
    yield "producer.backlog", partition, encode_block("backlog", task_rows([Task(LISTINGS, REASON, 0)]))


def check_number(partition: int, partitions: int) -> None:
    """Raise SuyuanError where there is no such partition."""
    if not 0 <= partition < partitions:
        there = f"0 to {partitions - 1}" if partitions else "none yet: nothing was processed here"
        raise SuyuanError(f"--partition {partition}: there is no such partition ({there})", ErrorKind.USAGE)
