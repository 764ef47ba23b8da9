"""Trace-join on plain Faust: `python trace_join.py SERVERS STATE_FOLDER COMMIT_MS`; as many processes as one likes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import faust
from faust.types import StreamT

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))
from framed import CHAIN, LISTING, LOT, Framed, chain_of, facts_of, waiting_of

PARTITIONS = 4


class FramedCodec(faust.Codec):  # type: ignore[misc]
    """Framed Avro of one schema, under Faust's own extension point."""

    def __init__(self, schema_id: int) -> None:
        super().__init__()
        self._framed = Framed(schema_id)

    def _loads(self, s: bytes) -> dict[str, Any]:
        return self._framed.decode(s)

    def _dumps(self, s: dict[str, Any]) -> bytes:
        return self._framed.encode(s)


def application(servers: str, folder: str, commit_ms: int) -> faust.App:
    """The app with its two agents."""
    app = faust.App(
        "trace-join",
        broker=";".join(f"kafka://{server}" for server in servers.split(",")),
        store="rocksdb://",
        datadir=folder,
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        web_enabled=False,
        broker_commit_interval=commit_ms / 1000,
        broker_max_poll_records=5_000,
        stream_buffer_maxsize=16_384,
        stream_wait_empty=False,
        producer_acks=-1,
        producer_compression_type="lz4",
        producer_linger_ms=50,
        producer_max_batch_size=256 << 10,
    )
    raw = {"key_type": bytes, "key_serializer": "raw"}
    records = app.topic("records", value_serializer=FramedCodec(LOT), **raw)
    listings = app.topic("listings", value_serializer=FramedCodec(LISTING), **raw)
    chains = app.topic("chains", value_serializer=FramedCodec(CHAIN), **raw)
    # one key for each code and lot: [facts of its record or None, listings that wait for it]
    joined = app.Table("join", key_type=str, partitions=PARTITIONS)

    @app.agent(records)
    async def on_records(stream: StreamT[dict[str, Any]]) -> None:
        async for key, lot in stream.items():
            name, facts = key.decode(), facts_of(lot)
            _, waiting = joined.get(name) or (None, [])
            joined[name] = [facts, []]
            for listing in waiting:
                await chains.send(key=listing[1].encode(), value=chain_of(listing, facts))

    @app.agent(listings)
    async def on_listings(stream: StreamT[dict[str, Any]]) -> None:
        async for key, event in stream.items():
            name, listing = key.decode(), waiting_of(event)
            facts, waiting = joined.get(name) or (None, [])
            if facts is None:
                joined[name] = [None, [*waiting, listing]]
            else:
                await chains.send(key=listing[1].encode(), value=chain_of(listing, facts))

    return app


if __name__ == "__main__":
    app = application(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    faust.Worker(app, loglevel="warning").execute_from_commandline()
