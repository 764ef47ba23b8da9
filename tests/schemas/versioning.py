"""A build that knows one more version of a kind of event than this one."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

from suyuan.schemas import kinds

Avro = dict[str, Any]


@contextmanager
def another_version(kind: str, folder: Path, change: Callable[[Avro], Avro]) -> Iterator[int]:
    """The id of version 2 of the kind, which is what `change` makes of version 1. `folder` is for its files."""
    events = folder / "events"
    shutil.copytree(kinds.EVENTS, events)
    avro = change(json.loads((events / f"{kind}.avsc").read_bytes()))
    (events / "history" / f"{kind}.v2.avsc").write_text(json.dumps(avro))
    number = max(kinds.SCHEMA_IDS) + 1
    try:
        with patch.object(kinds, "EVENTS", events), patch.dict(kinds.SCHEMA_IDS, {number: (kind, 2)}):
            _forget()
            try:
                yield number
            finally:
                shutil.rmtree(events)
    finally:
        _forget()


def with_fields(avro: Avro, **changed: Avro | None) -> Avro:
    """Fields by name: another definition, or a further field at the end."""
    fields = {field["name"]: field for field in avro["fields"]}
    fields |= {name: {"name": name} | definition for name, definition in changed.items()}
    return avro | {"fields": list(fields.values())}


def _forget() -> None:
    """What was made from the schemas known so far."""
    for name, module in list(sys.modules.items()):
        if name.startswith("suyuan."):
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()
