"""What could not be read, and what was sent again of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suyuan.access.scope import Scope
from suyuan.queries.paging import ListQuery, Order, Page, Paged, moment, number, read_page, text
from suyuan.queries.raw_messages import EVENT_ID
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import must_see_everything, visible_dead_letters
from suyuan.schemas.kinds import KINDS
from suyuan.schemas.withheld import WITHHELD_TOPICS, hash_of_withheld

Place = tuple[str, int, int]
"""topic, partition, offset: what names a dead letter"""

_PLACE = "topic, source_partition, source_offset"


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """None: any. `reason`: a part of field and reason, in whatever case; `since`: ms, when the log took the message;
    `replayed`: whether it was sent again.
    """

    topic: str | None = None
    reason: str | None = None
    since: int | None = None
    replayed: bool | None = None


_READABLE = f"topic NOT IN ({', '.join(map(repr, sorted(WITHHELD_TOPICS)))}) AND isValidUTF8({EVENT_ID})"
_EVENT_ID = f"if({_READABLE} AND length({EVENT_ID}) > 0, toNullable({EVENT_ID}), NULL)"
_NEWEST_FIRST = Order(
    (
        moment("received_at", descending=True),
        text("topic"),
        number("source_partition"),
        number("source_offset", descending=True),
    )
)
_WHAT = "dead letters"


def dead_letters(tables: Tables, scope: Scope, wanted: DeadLetterFilter, page: Page) -> Paged[Row]:
    """The newest first, without their payloads; `replays` counts how often each was sent again, `replayed_at` is the
    last time.
    """
    return read_page(tables, list_of_dead_letters(scope, wanted), page)


def list_of_dead_letters(scope: Scope, wanted: DeadLetterFilter) -> ListQuery:
    """The list that `dead_letters` has pages of."""
    seen = visible_dead_letters(scope)
    conditions, parameters = _conditions(wanted)
    return ListQuery(
        f"""
        SELECT {_PLACE}, kind, event_id, field, reason, payload_bytes, received_at,
            ifNull(replays, 0) AS replays, replayed_at
        FROM (
            SELECT * EXCEPT (payload, key), {_EVENT_ID} AS event_id FROM dead_letter_v WHERE {seen.condition}
        ) AS letter
        LEFT JOIN (
            SELECT {_PLACE}, toNullable(count()) AS replays, toNullable(max(replayed_at)) AS replayed_at
            FROM dead_letter_replay_v GROUP BY {_PLACE}
        ) AS replay USING ({_PLACE})
        """,  # noqa: S608 - fixed names
        conditions,
        {**parameters, **seen.values},
        _NEWEST_FIRST,
    )


def whole_dead_letters(tables: Tables, scope: Scope, places: Sequence[Place]) -> list[Row]:
    """Those that there are, with `key` and `payload` in hex: of a large payload the first MiB.

    `withheld`: the topic may name persons; key and payload are empty, also where a former version kept them, and
    `sha256` is that of the value where it is known.
    """
    must_see_everything(scope, _WHAT)
    found = read(
        tables,
        f"""
        SELECT * EXCEPT (key, payload), lower(hex(key)) AS key, lower(hex(payload)) AS payload FROM dead_letter_v
        WHERE ({_PLACE}) IN {{places:Array(Tuple(String, Int64, Int64))}}
        ORDER BY {_PLACE}
        """,  # noqa: S608 - fixed names, bound values
        {"places": [tuple(place) for place in places]},
    )
    return [_shown(row) for row in found]


def _shown(row: Row) -> Row:
    if row["topic"] not in WITHHELD_TOPICS:
        return {**row, "withheld": False, "sha256": None}
    known = hash_of_withheld(bytes.fromhex(row["payload"]), row["payload_bytes"])
    return {**row, "key": None, "payload": "", "withheld": True, "sha256": known}


def replays(tables: Tables, scope: Scope, place: Place) -> list[Row]:
    """How often this one was sent again, the first time first. `outcome` of each: accepted, duplicate, dead (it is a
    dead letter again, at its new place), or None as long as nothing is known.
    """
    must_see_everything(scope, _WHAT)
    found = read(
        tables,
        """
        SELECT replayed_at, replayed_partition, replayed_offset, edited FROM dead_letter_replay_v
        WHERE topic = {topic:String} AND source_partition = {partition:Int64} AND source_offset = {offset:Int64}
        ORDER BY replayed_at
        """,
        dict(zip(("topic", "partition", "offset"), place, strict=True)),
    )
    return [{**row, "outcome": _outcome(tables, place[0], row)} for row in found]


def _conditions(wanted: DeadLetterFilter) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    if wanted.topic is not None:
        conditions.append("topic = {topic:String}")
        parameters["topic"] = wanted.topic
    if wanted.reason is not None:
        conditions.append("positionCaseInsensitiveUTF8(concat(ifNull(field, ''), ': ', reason), {reason:String}) > 0")
        parameters["reason"] = wanted.reason
    if wanted.since is not None:
        conditions.append("toUnixTimestamp64Milli(received_at) >= {since:Int64}")
        parameters["since"] = wanted.since
    if wanted.replayed is not None:
        conditions.append("replays > 0" if wanted.replayed else "replays = 0")
    return conditions, parameters


def _outcome(tables: Tables, topic: str, replay: Row) -> str | None:
    kind = topic.removeprefix("in.")
    if replay["replayed_offset"] is None or kind not in KINDS:
        return None
    found = read(
        tables,
        f"""
        SELECT outcome FROM event_{kind}
        WHERE source_partition = {{partition:Int64}} AND source_offset = {{offset:Int64}}
        UNION DISTINCT
        SELECT 'dead' FROM dead_letter
        WHERE topic = {{topic:String}} AND source_partition = {{partition:Int64}} AND source_offset = {{offset:Int64}}
        """,  # noqa: S608 - a kind of ours, bound values
        {"topic": topic, "partition": replay["replayed_partition"], "offset": replay["replayed_offset"]},
    )
    return str(found[0]["outcome"]) if found else None
