"""Trace-join on Quix Streams: `python trace_join.py SERVERS STATE_FOLDER COMMIT_MS`; as many processes as one likes."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from quixstreams import Application, State
from quixstreams.models import Deserializer, SerializationContext, Serializer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "events"))
from framed import CHAIN, LISTING, LOT, Framed, chain_of, facts_of, waiting_of


class FramedDeserializer(Deserializer):
    """Framed Avro of one schema."""

    def __init__(self, schema_id: int) -> None:
        super().__init__()
        self._framed = Framed(schema_id)

    def __call__(self, value: bytes, ctx: SerializationContext) -> dict[str, Any]:
        """The event."""
        del ctx
        return self._framed.decode(value)


class FramedSerializer(Serializer):
    """Framed Avro of one schema."""

    def __init__(self, schema_id: int) -> None:
        super().__init__()
        self._framed = Framed(schema_id)

    def __call__(self, value: dict[str, Any], ctx: SerializationContext) -> bytes:
        """The message."""
        del ctx
        return self._framed.encode(value)


def join(event: dict[str, Any], state: State) -> list[dict[str, Any]]:
    """The chains that an event makes possible. State of a message's key: the record, and who waits for it."""
    if "listing_id" in event:
        listing = waiting_of(event)
        facts = state.get("record")
        if facts is not None:
            return [chain_of(listing, facts)]
        state.set("waiting", [*state.get("waiting", []), listing])
        return []
    facts = facts_of(event)
    state.set("record", facts)
    waiting = state.get("waiting", [])
    if waiting:
        state.delete("waiting")
    return [chain_of(listing, facts) for listing in waiting]


def main(servers: str, folder: str, commit_ms: int) -> None:
    """Run until a signal comes."""
    app = Application(
        broker_address=servers,
        consumer_group="trace-join",
        auto_offset_reset="earliest",
        state_dir=folder,
        commit_interval=commit_ms / 1000,
        use_changelog_topics=True,
        processing_guarantee="at-least-once",
        loglevel=logging.WARNING,
        consumer_extra_config={"max.partition.fetch.bytes": 4 << 20},
        producer_extra_config={
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 50,
            "batch.size": 256 << 10,
        },
    )
    records = app.topic("records", value_deserializer=FramedDeserializer(LOT))
    listings = app.topic("listings", value_deserializer=FramedDeserializer(LISTING))
    chains = app.topic("chains", value_serializer=FramedSerializer(CHAIN))
    events = app.dataframe(records).concat(app.dataframe(listings))
    joined = events.apply(join, stateful=True, expand=True)
    joined.to_topic(chains, key=lambda chain: chain["listing_id"].encode())
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
