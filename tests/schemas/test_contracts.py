import json

import pytest

from suyuan.schemas.compatibility import check
from suyuan.schemas.declarations import published
from suyuan.schemas.fields import record_fields
from suyuan.schemas.kinds import EVENTS, KINDS, SCHEMA_IDS, event_schema, schema_by_id


@pytest.mark.parametrize("kind", KINDS)
def test_the_current_schema_is_the_last_one_published(kind):
    """A published schema is never edited: it gets a new version and id."""
    version = event_schema(kind).version
    kept = json.loads((EVENTS / "history" / f"{kind}.v{version}.avsc").read_bytes())
    assert published(json.loads((EVENTS / f"{kind}.avsc").read_bytes())) == kept
    assert record_fields(published(event_schema(kind).avro)) == record_fields(kept)


@pytest.mark.parametrize("kind", KINDS)
def test_all_versions_of_a_kind_read_each_other(kind):
    versions = [schema_by_id(number).avro for number, (name, _) in SCHEMA_IDS.items() if name == kind]
    for one in versions:
        assert [fault for other in versions for fault in check(one, other)] == []


def test_every_schema_file_has_an_id_and_every_id_a_file():
    files = {path.name for path in (EVENTS / "history").iterdir()}
    assert files == {f"{kind}.v{version}.avsc" for kind, version in SCHEMA_IDS.values()}
    assert {path.name for path in EVENTS.glob("*.avsc")} == {f"{kind}.avsc" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_envelope_comes_first_and_everything_is_explained(kind):
    schema = event_schema(kind)
    assert [(f.name, f.type, f.optional) for f in schema.fields[:3]] == [
        ("event_id", "string", False),
        ("publisher", "string", False),
        ("occurred_at", "timestamp-millis", False),
    ]
    assert all(field.doc for field in schema.fields)
    optional = {field.name for field in schema.fields if field.optional}
    assert set(schema.business_key) <= {field.name for field in schema.fields}
    assert optional.intersection(schema.business_key) == ({"line"} if kind == "shipment" else set())


def test_what_leaves_the_subset_of_types_is_refused():
    for avro in (
        "float",
        {"type": "map", "values": "string"},
        ["null", "string", "long"],
        ["string", "null"],
    ):
        with pytest.raises(ValueError, match="x"):
            record_fields({"type": "record", "name": "r", "fields": [{"name": "x", "type": avro}]})
