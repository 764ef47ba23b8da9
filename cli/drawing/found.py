"""What was found by identifiers and names, as records: a line for each thing that is shown of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import SEVERITY_STYLES, VERDICT_STYLES, clean
from suyuan.domain.identifiers.readings import Reading
from suyuan.queries.found import Found, FoundAlert, FoundListing, Hit

_COLUMNS = (
    Column("sought", "text"),
    Column("what"),
    Column("of", right=True),
    Column("key", "names"),
    Column("says", "text"),
)
_READ_AS = {"credit_code": "a credit code", "gtin": "a GTIN", "licence_no": "a licence number"}
_NEAR = {"begins": "begins so", "mistyped": "perhaps meant", "nearest": "near"}
_TELLING = ("name", "result", "level", "status", "scheme", "ground", "reason", "category", "quantity", "produced_on")
"""facts of a record, in the order in which they are said"""


def draw_found(found: Iterable[Found]) -> Records:
    """`sought`: the text; `of`: how many such there are; `key`: what names it."""
    return Records(_COLUMNS, [row for each in found for row in _rows(each)])


def faults(found: Found) -> Iterator[str]:
    """What is wrong with the text as what it looks like, and what is odd."""
    for reading in found.readings:
        if reading.read_as not in _READ_AS or not reading.reason:
            continue
        said = "is not" if reading.valid is False else "is"
        failing = [level.name for level in reading.levels if level.holds is False]
        levels = f"{', '.join(failing)}: " if failing else ""
        yield f"{clean(found.text)} {said} {_READ_AS[reading.read_as]} ({levels}{reading.reason})"


def _rows(found: Found) -> Iterator[Mapping[str, Value]]:
    for group in (*found.subjects, found.lots, *found.records):
        for hit in group.first:
            yield _row(found, hit.kind, group.count, list(hit.key.values()), _said(hit))
    for listing in found.listings.first:
        key = [listing.platform_code, listing.listing_id]
        yield _row(found, "listing", found.listings.count, key, _offer(listing))
    for alert in found.alerts.first:
        says = Text(clean(alert.severity), style=SEVERITY_STYLES.get(alert.severity, ""))
        several = f", {alert.listings:,} listings" if alert.listing_id is None else ""
        told = f" {clean(alert.state)}: {clean(alert.title_zh)} / {clean(alert.title_en)}{several}"
        says.append(told, style="not bold default")
        yield _row(found, "alert", found.alerts.count, _subject(alert), says)
    if found.matched is None and not found.near:
        yield _row(found, "nothing", None, [], _unknown(found.readings))
    for near in found.near:
        yield _row(found, _NEAR[near.why], None, [near.identifier], ", ".join(map(clean, near.kinds)))


def _subject(alert: FoundAlert) -> list[str]:
    if alert.platform_code is not None and alert.listing_id is not None:
        return [alert.platform_code, alert.listing_id]
    return [alert.subject]


def _row(found: Found, what: str, count: int | None, key: Sequence[str], says: Value) -> Mapping[str, Value]:
    number = "" if count is None else f"{count:,}"
    return {
        "sought": clean(found.text),
        "what": clean(what),
        "of": number,
        "key": [clean(part) for part in key],
        "says": says,
    }


def _said(hit: Hit) -> str:
    return ", ".join(_fact(name, hit.facts[name]) for name in _TELLING if hit.facts.get(name))


def _fact(name: str, value: str) -> str:
    return f"level {clean(value)}" if name == "level" else clean(value)


def _offer(listing: FoundListing) -> Text:
    if listing.verdict is None:
        return Text("not assessed yet")
    says = Text(clean(listing.verdict), style=VERDICT_STYLES.get(listing.verdict, ""))
    formerly = "" if listing.current else " (said so formerly)"
    says.append(f"{formerly} {clean(listing.title)}", style="not bold default")
    return says


def _unknown(readings: Sequence[Reading]) -> str:
    """What a text that nobody knows looks like."""
    looks = [_READ_AS[reading.read_as] for reading in readings if reading.read_as in _READ_AS and reading.valid]
    return f"looks like {' or '.join(looks)}, and nobody has named it" if looks else ""
