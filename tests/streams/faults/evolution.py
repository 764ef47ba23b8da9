"""Fault 16: a further version of a schema."""

from __future__ import annotations

import asyncio

import pytest

from suyuan.schemas.events import encode_event
from suyuan.schemas.versions import IncompatibleVersions
from suyuan.streams.dead_letter_limit import TooManyDeadLetters
from tests.schemas.versioning import another_version, with_fields
from tests.streams.faults.world import by_place, work
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event

TEXT = {"type": ["null", "string"], "default": None, "doc": "x"}


def add_and_rename(avro):
    """A field `note` with a default; `ship_from` is called `sent_from` from now on."""
    fields = [field for field in avro["fields"] if field["name"] != "ship_from"]
    return with_fields(avro | {"fields": fields}, sent_from=TEXT | {"aliases": ["ship_from"]}, note=TEXT)


def price_as_text(avro):
    return with_fields(avro, price_fen={"type": "string", "doc": "x"})


def add_without_default(avro):
    return with_fields(avro, note={"type": "string", "doc": "x"})


class EvolutionContract:
    def test_fields_added_and_renamed_are_read_in_both_versions_side_by_side(self, world, tmp_path):
        written = [encoded(event("listing", listing_id=f"old-{number}", ship_from="杭州")) for number in range(20)]
        with another_version("listing", tmp_path, add_and_rename) as number:
            for at in range(20):
                written.insert(2 * at, as_written(listing_id=f"new-{at}", sent_from="宁波", note="新"))
                assert written[2 * at][4] == number
            world.publish("in.listing", 0, written)
            asyncio.run(work(world))
            rows = by_place(world.rows("event.listing")).values()
        assert not list(world.rows("dead_letter"))
        assert {(row["listing_id"].partition("-")[0], row["sent_from"], row["note"]) for row in rows} == {
            ("old", "杭州", None),
            ("new", "宁波", "新"),
        }
        assert {row["outcome"] for row in rows} == {"accepted"}
        assert len(rows) == len(written)

    @pytest.mark.parametrize(
        ("change", "fault"), [(price_as_text, "price_fen"), (add_without_default, "note is not written")]
    )
    def test_an_incompatible_version_is_refused_before_anything_is_committed(self, world, tmp_path, change, fault):
        world.publish("in.listing", 0, [encoded(event("listing", listing_id=str(n))) for n in range(20)])
        with (
            another_version("listing", tmp_path, change),
            pytest.raises(IncompatibleVersions, match=f"listing, versions 1 and 2: {fault}"),
        ):
            asyncio.run(work(world))
        assert world.committed("in.listing", 0) == 0
        assert not list(world.rows("event.listing"))
        assert not list(world.rows("dead_letter"))
        asyncio.run(work(world))
        assert len(by_place(world.rows("event.listing"))) == world.committed("in.listing", 0) == 20

    def test_a_reader_too_old_stops_and_the_right_one_goes_on_where_it_did(self, world, tmp_path):
        with another_version("listing", tmp_path, add_and_rename) as number:
            world.publish("in.listing", 0, [as_written(listing_id=str(n)) for n in range(600)])
        with pytest.raises(TooManyDeadLetters, match=f"unknown schema id {number}"):
            asyncio.run(work(world))
        with another_version("listing", tmp_path, add_and_rename):
            asyncio.run(work(world))
            assert by_place(world.rows("event.listing")).keys() == {(0, offset) for offset in range(500, 600)}
        assert by_place(world.rows("dead_letter")).keys() == {(0, offset) for offset in range(500)}


def as_written(**fields):
    """A listing in the current version."""
    said = {name: value for name, value in event("listing", **fields).items() if name != "kind"}
    return encode_event("listing", said)
