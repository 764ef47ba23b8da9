import io

import fastavro
import pytest

from suyuan.schemas.compatibility import Incompatibility, check

DATE = {"type": "int", "logicalType": "date"}


def record(*fields, name="r", **more):
    return {
        "type": "record",
        "name": name,
        "fields": [dict(zip(("name", "type"), f[:2], strict=True)) | (f[2] if len(f) > 2 else {}) for f in fields],
        **more,
    }


def enum(*symbols, **more):
    return {"type": "enum", "name": "e", "symbols": list(symbols), **more}


A = ("a", "string")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (record(A), record(A)),
        (record(A), record(A, ("b", ["null", "long"], {"default": None}))),
        (record(A, ("b", "long", {"default": 0})), record(A)),
        (record(A, ("b", "long")), record(("b", "long"), A)),
        (
            record(("a", ["null", "string"], {"default": None})),
            record(("b", ["null", "string"], {"default": None, "aliases": ["a"]})),
        ),
        (record(("a", enum("x", default="x"))), record(("a", enum("x", "y")))),
        (record(("a", "string")), record(("a", "bytes"))),
        (record(("a", DATE)), record(("a", DATE | {"doc": "day"}))),
        (record(A), record(A, doc="more")),
    ],
)
def test_compatible(old, new):
    assert check(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "direction"),
    [
        (record(A), record(A, ("b", "long")), "b", "new reads old"),
        (record(A, ("b", "long")), record(A), "b", "old reads new"),
        (record(A), record(("b", "string", {"aliases": ["a"]})), "a", "old reads new"),
        (record(A), record(("a", ["null", "string"])), "a", "old reads new"),
        (record(("a", ["null", "string"])), record(A), "a", "new reads old"),
        (record(("a", "int")), record(("a", "long")), "a", "old reads new"),
        (record(("a", "long")), record(("a", "int")), "a", "new reads old"),
        (record(("a", "long")), record(("a", "string")), "a", "new reads old"),
        (record(("a", enum("x"))), record(("a", enum("x", "y"))), "a", "old reads new"),
        (record(("a", enum("x", "y"))), record(("a", enum("x"))), "a", "new reads old"),
        (record(("a", "int")), record(("a", DATE)), "a", "new reads old"),
        (
            record(("a", {"type": "array", "items": "string"})),
            record(("a", {"type": "array", "items": "long"})),
            "a[]",
            "new reads old",
        ),
        (
            record(("a", record(("x", "long")))),
            record(("a", record(("x", "long"), ("y", "long")))),
            "a.y",
            "new reads old",
        ),
        (record(A), record(A, name="s"), "", "new reads old"),
        (
            record(("a", {"type": "long", "values": [1, 2]})),
            record(("a", {"type": "long", "values": [1]})),
            "a",
            "new reads old",
        ),
        (record(("a", {"type": "long", "values": [1]})), record(("a", "long")), "a", "old reads new"),
    ],
)
def test_incompatible(old, new, path, direction):
    assert (path, direction) in {(fault.path, fault.direction) for fault in check(old, new)}


def test_the_finding_says_what_and_how_to_mend_it():
    assert check(record(A), record(A, ("b", "long"))) == [
        Incompatibility("b", "is not written, and has no default", "new reads old")
    ]


VERSIONS = [
    record(A),
    record(A, ("b", "long")),
    record(A, ("b", ["null", "long"], {"default": None})),
    record(("c", "string", {"aliases": ["a"]})),
    record(("a", ["null", "string"])),
    record(("a", enum("x", "y"))),
    record(("a", enum("x"))),
    record(("a", enum("x", default="x"))),
    record(("a", {"type": "array", "items": "string"})),
    record(("a", {"type": "array", "items": ["null", "string"]})),
]
VALUES = {"string": "t", "long": 5, "null": None}


def sample(avro, last):
    """A value of the type; `last`: of the last branch or symbol, else of the first."""
    if isinstance(avro, list):
        return sample(avro[-1 if last else 0], last)
    if isinstance(avro, str):
        return VALUES[avro]
    if avro["type"] == "record":
        return {field["name"]: sample(field["type"], last) for field in avro["fields"]}
    if avro["type"] == "enum":
        return avro["symbols"][-1 if last else 0]
    return [sample(avro["items"], last)]


@pytest.mark.parametrize("writer", VERSIONS)
@pytest.mark.parametrize("reader", VERSIONS)
def test_the_verdict_is_what_a_reader_finds(writer, reader):
    readable = not [fault for fault in check(writer, reader) if fault.direction == "new reads old"]
    schemas = fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    try:
        for last in (False, True):
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schemas[0], sample(writer, last))
            fastavro.schemaless_reader(io.BytesIO(out.getvalue()), *schemas)
    except fastavro.read.SchemaResolutionError:
        assert not readable
    else:
        assert readable
