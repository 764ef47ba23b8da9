import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from suyuan.schemas.fields import Field
from suyuan.schemas.kinds import KINDS, event_schema

Event = dict[str, Any]
CASES = Path(__file__).parents[1] / "data" / "cases"


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.values:
        values: st.SearchStrategy[Any] = st.sampled_from(field.values)
    elif field.items is not None:
        values = st.lists(_values(field.items), max_size=4)
    elif field.type == "record":
        values = st.fixed_dictionaries({inner.name: _values(inner) for inner in field.fields})
    else:
        values = {
            "string": st.text(max_size=20, min_size=1 if field.name == "event_id" else 0),
            "long": st.integers(-(1 << 63), (1 << 63) - 1),
            "boolean": st.booleans(),
            "date": st.dates(),
            "timestamp-millis": st.integers(946_684_800_000, 253_402_300_799_999),  # from 2000 on
        }[field.type]
    return st.none() | values if field.optional else values


@pytest.fixture(scope="session")
def events_of() -> Callable[[str], st.SearchStrategy[Event]]:
    """kind → any event of it that its schema allows"""
    return lambda kind: st.fixed_dictionaries({f.name: _values(f) for f in event_schema(kind).fields})


@pytest.fixture(scope="session")
def market() -> dict[str, list[Event]]:
    """Realistic events by kind; dates are dates."""
    found: dict[str, list[Event]] = {kind: [] for kind in KINDS}
    for path in sorted(CASES.glob("*.events.jsonl")):
        for line in path.read_text().splitlines():
            given = json.loads(line)
            kind = given.pop("kind")
            event = {field.name: given.get(field.name) for field in event_schema(kind).fields}
            for field in event_schema(kind).fields:
                if field.type == "date" and event[field.name] is not None:
                    event[field.name] = dt.date.fromisoformat(event[field.name])
            found[kind].append(event)
    return {kind: events for kind, events in found.items() if events}
