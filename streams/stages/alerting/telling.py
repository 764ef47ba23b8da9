"""What is said of alerts: rows of the `alert_state` block, and when one is said.

| what changed of an alert                                                             | said            |
|--------------------------------------------------------------------------------------|-----------------|
| it stands or does not, its severity, basis or bureau, how it is dealt with           | at once         |
| the step of the ladder 1, 2, 5, 10, 20, 50, … that its number of listings is at      | at once         |
| of an alert about one listing: anything                                              | at once         |
| anything else: the exact number, the platforms, the listing that is shown            | when it settles |

A platform whose last listing leaves an alert that stands on is named once more, with none: its part has ended.

A storm, a recall that ten thousand listings come under within seconds, so is some twenty rows of each alert. It settles
when a round of settling finds it as the round before had left it (`settling.py`). While events of some time ago are
read, what follows from them waits for that as well, so that nobody is told in passing what does not stay; people's acts
do not.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import polars as pl
from msgspec.structs import replace

from suyuan.domain.alerts.ids import bureau_of
from suyuan.domain.alerts.subject import ABOUT, LISTING
from suyuan.domain.rules.explanation import SPOILT_EN, SPOILT_ZH, explanation
from suyuan.domain.rules.rule import SEVERITIES
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stages.alerting.kept import Told, listed_at_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suyuan.domain.alerts.life import Life
    from suyuan.domain.rules.rule import Rule
    from suyuan.streams.stages.alerting.kept import Desk

CLEARED_ZH = "触发条件已不再成立。"
CLEARED_EN = "What raised the alert no longer holds."

_SCHEMA = pl.Schema(block_schema("alert_state"))
_PER_DECADE = (1, 2, 5)
_NAMING: Mapping[str, tuple[str, ...]] = {
    **ABOUT,
    LISTING: (*ABOUT[LISTING], "seller_code", "producer_code", "gtin", "lot"),
}
"""what an alert is about → what its row says of that"""
_DIVISIONS = {"seller_code": "seller_division", "producer_code": "producer_division"}
_OF_OFFER = ("verdict", "gap_names", "triggering", "evidence")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Saying(NamedTuple):
    """An alert as it is now, to be said: `offer`: JSON of the row of the finding that it shows; `left`: platforms of
    which it covers no listing any more, and which are to hear of that.
    """

    alert: str
    desk: Desk
    life: Life | None
    offer: str | bytes
    left: tuple[str, ...]


def step_of(listings: int) -> int:
    """The step of the ladder 1, 2, 5, 10, 20, 50, … that a number is at; 0 of none."""
    decade = 10 ** (len(str(listings)) - 1)
    return max((each * decade for each in _PER_DECADE if each * decade <= listings), default=0)


def severity_of(desk: Desk) -> str:
    """The worst of the findings that stand; of none, what was said last."""
    standing = [severity for severity in SEVERITIES if desk.severities.get(severity)]
    return standing[-1] if standing else desk.told.severity if desk.told is not None else ""


def platforms_of(desk: Desk) -> tuple[str, ...]:
    """The platforms that every row names, sorted: those of the listings that it covers; of an alert that was cleared,
    those that it covered when that was said last, of which it covers none now.
    """
    if desk.listings or desk.told is None:
        return tuple(sorted(desk.platforms))
    return desk.told.platforms


def left_of(desk: Desk) -> tuple[str, ...]:
    """The platforms that the next row alone names beside: those that the last one covered, of an alert that stands on
    without them.
    """
    if desk.told is None or not desk.told.stands or not desk.listings:
        return ()
    return tuple(code for code in desk.told.platforms if code not in desk.platforms)


def told_of(desk: Desk, life: Life | None) -> Told:
    """What of an alert is said at once where it changes."""
    return Told(desk.listings > 0, severity_of(desk), desk.basis, step_of(desk.listings), handling_text(life))


def handling_text(life: Life | None) -> str:
    """How an alert is dealt with, and by which act, as one text."""
    if life is None or not life.judged:
        return ""
    last = life.judged[-1].act
    return (
        f"{life.handling} {life.resolution} {life.assignee} {life.acknowledged_until} {last.publisher} {last.event_id}"
    )


def change_of(was: Told | None, now: Told) -> str:
    """What a row reports."""
    if was is None or was.stands != now.stands:
        return "raised" if now.stands else "cleared"
    if was.bureau != now.bureau:
        return "moved"
    return "handled" if was.handling != now.handling and was.says(replace(now, handling=was.handling)) else "changed"


def content_of(rules: Mapping[str, Rule], saying: Saying) -> tuple[dict[str, Any], str]:
    """The row of an alert (columns of the block schema `alert_state`) but for what depends on when it is said; and the
    digest of it as every later row would have it: without the platforms that have left.
    """
    row = _row(rules, saying)
    lasting = row | {"platforms": [each for each in row["platforms"] if each["platform_code"] not in saying.left]}
    return row, blake2b(msgspec.json.encode(lasting), digest_size=8).hexdigest()


def said_when(desk: Desk) -> dict[str, Any]:
    """What of the row depends on that."""
    return {
        "change": desk.change,
        "raised_at": desk.raised_at,
        "changed_at": desk.touched_at,
        "received_at": desk.touched_at,
        "sequence": desk.sequence,
    }


def alert_state_rows(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows as a frame of the block schema `alert_state`. By way of JSON: lists and structs that polars is given
    cost it 20 µs a row more.
    """
    return pl.read_ndjson(b"\n".join(map(msgspec.json.encode, rows)), schema=_SCHEMA)


def _row(rules: Mapping[str, Rule], saying: Saying) -> dict[str, Any]:
    desk, life = saying.desk, saying.life
    platforms = sorted((*platforms_of(desk), *saying.left))
    offer = _decode(saying.offer)
    kind = offer["subject_kind"]
    stands = desk.listings > 0
    named = {name: offer[name] for name in _NAMING[kind]}
    named |= {_DIVISIONS[name]: offer[_DIVISIONS[name]] for name in named if name in _DIVISIONS}
    return {
        "alert_id": saying.alert,
        "rule": offer["rule"],
        "rule_version": offer["rule_version"],
        "severity": severity_of(desk) or offer["severity"],
        **_words(offer["rule"], rules.get(offer["rule"]), offer["triggering"], stands=stands),
        "subject_kind": kind,
        "subject": offer["subject"],
        "state": "raised" if stands else "cleared",
        "listings": desk.listings,
        "platforms": [{"platform_code": code, "listings": desk.platforms.get(code, 0)} for code in platforms],
        **named,
        **{name: offer[name] for name in _OF_OFFER},
        "bureau": offer["bureau"],
        "bureau_why": offer["bureau_why"],
        "basis": desk.basis or None,
        "newest_listed_at": listed_at_of(desk.newest),
        **_handling(life),
    }


def _words(name: str, rule: Rule | None, triggering: str | None, *, stands: bool) -> dict[str, str]:
    """Titles and explanations of an alert of a rule; None: one that is no more."""
    if rule is None:
        said = (name, name, CLEARED_ZH, CLEARED_EN)
    elif not stands:
        said = (rule.title_zh, rule.title_en, CLEARED_ZH, CLEARED_EN)
    else:
        values = _decode(triggering or "{}")
        said_zh = explanation(rule.explanation_zh, values, SPOILT_ZH)
        said = (rule.title_zh, rule.title_en, said_zh, explanation(rule.explanation_en, values, SPOILT_EN))
    return dict(zip(("title_zh", "title_en", "explanation_zh", "explanation_en"), said, strict=True))


def _handling(life: Life | None) -> dict[str, Any]:
    """How it is dealt with, and the act that was the last."""
    if life is None or not life.judged:
        return {"handling": "open"}
    last = life.judged[-1].act
    return {
        "handling": life.handling,
        "assignee": life.assignee,
        "acknowledged_until": life.acknowledged_until,
        "resolution": life.resolution,
        "act_event": last.event_id,
        "act": last.act,
        "actor": last.actor,
        "note_id": last.note_id,
        "acted_at": last.occurred_at,
    }


def about_one_listing(alert: str) -> bool:
    """Whether the alert of that id is about one listing: the others are of a bureau."""
    return bureau_of(alert) is None
