"""What a platform has to mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.words import CLASS_STYLES, clean

_COLUMNS = (
    Column("listing"),
    Column("title", "text"),
    Column("gap"),
    Column("subject", "text"),
    Column("fields", "names"),
    Column("how", "text"),
)


def draw_feedback(lines: Iterable[Mapping[str, Any]]) -> Records:
    """One for each gap of each listing."""
    return Records(
        _COLUMNS,
        (
            {
                "listing": clean(line["listing_id"]),
                "title": clean(line["title"]),
                "gap": Text(clean(line["gap"]), style=CLASS_STYLES.get(clean(line["class"]), "")),
                "subject": clean(line["subject"]),
                "fields": [clean(field) for field in line["fields"]],
                "how": clean(line["how_en"]),
            }
            for line in lines
        ),
    )
