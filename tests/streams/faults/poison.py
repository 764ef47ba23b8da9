"""Faults 14 and 15: messages that cannot be read, one in a thousand, and all of them."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from zlib import crc32

import pytest
from prometheus_client import REGISTRY

from suyuan.domain.calendar import china_day, days_after
from suyuan.schemas.withheld import withheld_hash
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from tests.streams.faults.world import by_place, work
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event

EVERY = 1000
EVENTS = 20_000
GOOD = encoded(event("entity", name="甲"))
POISON: list[tuple[bytes | None, str]] = [
    (None, "null value"),
    (b"", "empty"),
    (b"hello", "wrong magic byte 0x68"),
    (b"\x00\x00\x00", "shorter than its header"),
    (b"\x00\x00\x00\x00\x63" + GOOD[5:], "unknown schema id 99"),
    (GOOD[:-3], "ends within this field"),
    (GOOD + GOOD[5:], "left over"),
    (GOOD.replace("甲".encode(), b"\xff\xfe\xfd"), "not valid UTF-8"),
    (GOOD[:5] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01" + GOOD[6:], "event_id"),
    (encoded(event("lot")), "a lot event among entity events"),
]


class PoisonContract:
    def test_one_in_a_thousand_is_dead_lettered_and_every_neighbour_kept(self, world):
        published: dict[tuple[int, int], bytes | None] = {}
        reasons: dict[tuple[int, int], str] = {}
        for partition in range(world.partitions):
            values: list[bytes | None] = []
            for number in range(EVENTS // world.partitions):
                value = encoded_entity(f"{partition}-{number}")
                if number % EVERY == EVERY // 2 + partition:
                    value, reason = POISON[number // EVERY % len(POISON)]
                    reasons[partition, number] = reason
                values.append(value)
            first = world.publish("in.entity", partition, values, [b"k%d" % n for n in range(len(values))])
            assert first == 0
            published |= {(partition, number): value for number, value in enumerate(values)}
        asyncio.run(work(world))

        dead = by_place(world.rows("dead_letter"))
        assert dead.keys() == reasons.keys()
        for place, letter in dead.items():
            value = published[place]
            assert reasons[place] in f"{letter['field']}: {letter['reason']}"
            assert (letter["topic"], letter["kind"]) == ("in.entity", "entity")
            assert (letter["payload"], letter["payload_bytes"]) == (value or b"", len(value or b""))
            assert letter["key"] == b"k%d" % place[1]
            assert letter["received_at"] > 0
        kept = by_place(world.rows("event.entity"))
        assert kept.keys() == published.keys() - reasons.keys()
        for (partition, number), row in kept.items():
            assert (row["event_id"], row["outcome"]) == (f"{partition}-{number}", "accepted")

    def test_where_all_is_poison_reading_stops_and_nothing_is_lost(self, world):
        bad, good = 3000, 50
        values = [b"\x00\x00\x00\x00\x63"] * bad + [encoded_entity(str(number)) for number in range(good)]
        world.publish("in.entity", 0, values)
        for _ in range(2):  # starting again stops at the same place
            with pytest.raises(TooManyDeadLetters, match=r"in\.entity-0: 501 of the last 1,000.*id 99"):
                asyncio.run(work(world))
            assert set(by_place(world.rows("dead_letter"))) == {(0, offset) for offset in range(500)}
            assert world.committed("in.entity", 0) == 500
        assert not list(world.rows("event.entity"))

        world.dead_letter_limit = DeadLetterLimit(share=1.0)
        asyncio.run(work(world))
        assert set(by_place(world.rows("dead_letter"))) == {(0, offset) for offset in range(bad)}
        assert set(by_place(world.rows("event.entity"))) == {(0, offset) for offset in range(bad, bad + good)}
        assert world.committed("in.entity", 0) == bad + good

    def test_one_publishers_flood_stops_nobody_else_and_is_named(self, world, caplog):
        flood, others = 1500, 60
        values, keys = [], []
        for number in range(flood):
            values.append(b"hello")
            keys.append(f"P-FLOODS\x1fL{number}".encode())
            if number % (flood // others) == 0:
                values.append(encoded(event("listing", event_id=f"E{number}", listing_id=f"L{number}")))
                keys.append(f"91330106009900005E\x1fL{number}".encode())
        told = metric("in.listing", "P-FLOODS")
        world.publish("in.listing", 0, values, keys)
        asyncio.run(work(world))
        assert len(by_place(world.rows("event.listing"))) == others
        assert len(by_place(world.rows("dead_letter"))) == flood
        assert world.committed("in.listing", 0) == flood + others
        assert metric("in.listing", "P-FLOODS") - told > flood - 600
        lines = [record.getMessage() for record in caplog.records if record.name == "suyuan.streams.set_aside"]
        assert len(lines) == 1
        assert "in.listing-0: most of what cannot be read is P-FLOODS's" in lines[0]

    def test_what_does_not_count_is_refused_by_the_clock_of_the_log_and_withheld_where_it_names_somebody(self, world):
        today = china_day(time.time_ns() // 1_000_000)
        days = [
            *(event("day", date=str(days_after(today, ahead))) for ahead in (0, 1, 3)),
            *(event("day", date="9999-12-31"), event("day", date=str(today), publisher="91110108MA01234567")),
        ]
        named = encoded(event("complaint", complainant="13912345678 张三"))
        world.publish("in.day", 0, [encoded(day) for day in days])
        world.publish("in.complaint", 0, [named, named[:-1], encoded(event("complaint"))], [b"13912345678"] * 3)
        blank = [encoded(event("entity", event_id="\u200b"))] * 700  # more than may be unreadable
        world.publish("in.entity", 0, [*blank, encoded_entity("good")])
        asyncio.run(work(world))

        dead = list(world.rows("dead_letter"))
        refused = {(row["topic"], row["source_offset"]): row["field"] for row in dead if row["topic"] != "in.entity"}
        assert refused == {
            ("in.day", 2): "date",
            ("in.day", 3): "date",
            ("in.day", 4): "publisher",
            **{("in.complaint", offset): "complainant" for offset in (0, 1)},
        }
        assert sum(row["topic"] == "in.entity" for row in dead) == len(blank)
        assert set(by_place(world.rows("event.day"))) == {(0, 0), (0, 1)}
        assert set(by_place(world.rows("event.complaint"))) == {(0, 2)}
        assert set(by_place(world.rows("event.entity"))) == {(0, len(blank))}
        withheld = {row["source_offset"]: row for row in dead if row["topic"] == "in.complaint"}
        assert {withheld_hash(row["payload"]) for row in withheld.values()} == {
            sha256(value).hexdigest() for value in (named, named[:-1])
        }
        assert [withheld[offset]["payload_bytes"] for offset in (0, 1)] == [len(named), len(named) - 1]
        assert "13912345678" not in repr(dead)


def metric(topic: str, publisher: str) -> float:
    return (
        REGISTRY.get_sample_value("suyuan_dead_letters_set_aside_total", {"topic": topic, "publisher": publisher})
        or 0.0
    )


def encoded_entity(event_id: str) -> bytes:
    code = f"91330106{crc32(event_id.encode()):010d}"  # of the form of a credit code, and its own
    return encoded(event("entity", event_id=event_id, code=code))
