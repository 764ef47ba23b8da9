"""Whether two versions of a record schema can read each other: FULL compatibility as schema registries define
it.

Rules are those of Avro 1.12, Schema Resolution: a field that only the reader has needs a default; a reader's
field may name the writer's as an alias; enums need the writer's symbols (or a default of the enum's own); int
→ long → float → double and string ↔ bytes are promoted; each branch of a writer's union must be readable.

FULL_TRANSITIVE: `check` holds for every pair of versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suyuan.schemas.fields import Avro

_PROMOTIONS = {
    "int": {"int", "long", "float", "double"},
    "long": {"long", "float", "double"},
    "float": {"float", "double"},
    "string": {"string", "bytes"},
    "bytes": {"bytes", "string"},
}


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """`path`: the field, dotted. `direction`: what fails, "new reads old" or "old reads new"."""

    path: str
    reason: str
    direction: str


def check(old: Avro, new: Avro) -> list[Incompatibility]:
    """Everything that keeps either schema from reading what the other wrote; empty when they are fully
    compatible.

    An alias helps only the side that has it. A rename is therefore let pass in the direction old reads new
    when the old side's field may go missing, as it does when the old field has a default.
    """
    found = [Incompatibility(path, reason, "new reads old") for path, reason in _unreadable(new, old, "")]
    return found + [Incompatibility(path, reason, "old reads new") for path, reason in _unreadable(old, new, "")]


def _unreadable(reader: Any, writer: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(writer, list):
        return [fault for branch in writer for fault in _unreadable(reader, branch, path)]
    if isinstance(reader, list):
        attempts = [_unreadable(branch, writer, path) for branch in reader]
        if [] in attempts:
            return []
        same_type = [faults for branch, faults in zip(reader, attempts, strict=True) if _name(branch) == _name(writer)]
        return same_type[0] if same_type else [(path, f"{_name(writer)} is not a branch of the reader's union")]
    mine, theirs = _name(reader), _name(writer)
    if mine not in _PROMOTIONS.get(theirs, {theirs}):
        return [(path, f"{theirs} cannot be read as {mine}")]
    if mine == "record":
        return _unreadable_record(reader, writer, path)
    if mine == "enum":
        return _unreadable_enum(reader, writer, path)
    if mine == "array":
        return _unreadable(reader["items"], writer["items"], f"{path}[]")
    if _logical(reader) != _logical(writer):
        return [(path, f"meaning changes from {_logical(writer)} to {_logical(reader)}")]
    return _unreadable_values(reader, writer, path)


def _unreadable_record(reader: Avro, writer: Avro, path: str) -> list[tuple[str, str]]:
    faults = _misnamed(reader, writer, path)
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        place = f"{path}.{field['name']}".lstrip(".")
        names = [field["name"], *field.get("aliases", ())]
        source = next((written[name] for name in names if name in written), None)
        if source is not None:
            faults += _unreadable(field["type"], source["type"], place)
        elif "default" not in field:
            faults.append((place, "is not written, and has no default"))
    return faults


def _unreadable_enum(reader: Avro, writer: Avro, path: str) -> list[tuple[str, str]]:
    faults = _misnamed(reader, writer, path)
    lost = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if lost and "default" not in reader:
        faults.append((path, f"does not know the symbols {', '.join(lost)}, and has no default for them"))
    return faults


def _unreadable_values(reader: Any, writer: Any, path: str) -> list[tuple[str, str]]:
    """Of our own property `values` (see fields): a reader must allow what a writer may write."""
    allowed = reader.get("values") if isinstance(reader, dict) else None
    if allowed is None:
        return []
    written = writer.get("values") if isinstance(writer, dict) else None
    lost = [str(value) for value in written if value not in allowed] if written is not None else ["any"]
    return [(path, f"does not allow the values {', '.join(lost)}")] if lost else []


def _misnamed(reader: Avro, writer: Avro, path: str) -> list[tuple[str, str]]:
    """Named types match by their last name (or an alias of the reader's)."""
    names = {str(name).rpartition(".")[2] for name in (reader["name"], *reader.get("aliases", ()))}
    last = str(writer["name"]).rpartition(".")[2]
    return [] if last in names else [(path, f"named type {last} cannot be read as {reader['name']}")]


def _name(avro: Any) -> str:
    return avro if isinstance(avro, str) else str(avro["type"])


def _logical(avro: Any) -> str:
    return str(avro.get("logicalType", "plain")) if isinstance(avro, dict) else "plain"
