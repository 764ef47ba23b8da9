"""`publish --check`: everything is read and judged, nothing is sent."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from suyuan.publishing.files.outlet import Taken
from suyuan.publishing.files.records import Reading
from suyuan.publishing.keys import Identities
from suyuan.schemas.kinds import PERSONAL
from suyuan.schemas.validation import ParsedEvent

MOST_SHOWN = 3
"""records of each file that are shown as they are understood"""

_REMEMBERED = 1_000_000


class NoOutlet:
    """Takes events and keeps none; knows only what this check has brought."""

    knows_reuse = False
    usable = True

    def __init__(self) -> None:
        self._seen: dict[bytes, None] = {}

    def append(self, named: Identities, values: Sequence[bytes]) -> Future[Taken]:
        """See `Outlet`; answered at once."""
        del values
        new: list[bool | None] = []
        for identity in named.ids:
            new.append(identity not in self._seen)
            self._seen[identity] = None
            if len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
        taken: Future[Taken] = Future()
        taken.set_result(Taken(new))
        return taken


class Shown:
    """How the files, and the first records of each, were understood."""

    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []

    def begin(self, reading: Reading) -> None:
        """Records of another file follow."""
        self._reading = reading
        self._first: list[dict[str, Any]] = []
        self.files.append({"file": reading.name, "first": self._first})

    def record(self, line: int, parsed: ParsedEvent) -> None:
        """A record that would be accepted."""
        if len(self._first) < MOST_SHOWN:
            self._first.append({"line": line, "kind": parsed.kind, "event": plain_event(parsed)})

    def end(self) -> None:
        """That was all of the file."""
        reading = self._reading
        columns = {column.header: list(column.fields) for column in reading.columns if column.header}
        self.files[-1] |= {"format": reading.format, "kind": reading.kind, "columns": columns, "notes": reading.notes}
        if reading.header_line:
            self.files[-1]["header_line"] = reading.header_line

    def lines(self) -> Iterator[str]:
        """For a person."""
        for file in self.files:
            header = f", header on line {file['header_line']}" if "header_line" in file else ""
            kind = f", kind {file['kind']}" if file.get("kind") else ""
            yield f"{file['file']}: {file.get('format') or 'not read'}{header}{kind}"
            for name, fields in file.get("columns", {}).items():
                if fields != [name]:
                    yield f"  {name} -> {' and '.join(fields) or 'left aside'}"
            for record in file["first"]:
                yield f"  line {record['line']}, {record['kind']}:"
                for name, value in record["event"].items():
                    if value is not None:
                        said = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
                        yield f"    {name} = {said}"


def plain_event(parsed: ParsedEvent) -> dict[str, Any]:
    """Field → value. Times as in China; of complaints only which fields are given."""
    if parsed.kind in PERSONAL:
        return {name: value if value is None else "(given)" for name, value in parsed.event.items()}
    event = dict(parsed.event)
    china = dt.timezone(dt.timedelta(hours=8))
    event["occurred_at"] = dt.datetime.fromtimestamp(event["occurred_at"] / 1000, china).isoformat()
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in event.items()}
