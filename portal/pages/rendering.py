"""How a page is made: a template, the words of the reader's language, and who reads.

Everything that a template shows is escaped; what it shows that is not there is an error, not a blank.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from suyuan.domain.chain.gaps import GAPS
from suyuan.portal.context import LANGUAGE_COOKIE
from suyuan.portal.moments import ms_of
from suyuan.portal.pages import figures
from suyuan.portal.pages.navigation import may_open, places_of
from suyuan.portal.pages.said import said as said_in
from suyuan.portal.pages.static_files import STATIC
from suyuan.portal.pages.words import LANGUAGES, TAGS, words
from suyuan.runtime.visible import shortened, visible

SIGNS = {
    "critical": "▲",
    "high": "◆",
    "medium": "●",
    "low": "○",
    "contradicted": "✕",
    "broken": "◆",
    "unverified": "?",
    "partial": "◐",
    "complete": "✓",
    "removed": "–",
}
"""the shape that goes with the colour and the word of a severity, a verdict, a class of gaps"""
YEAR_SECONDS = 365 * 86_400
CLASSES = {gap.gap: gap.class_ for gap in GAPS}


class Reader(Protocol):
    """Whoever a page is for: `portal.context.Context` is one."""

    @property
    def request(self) -> Any:
        """What they asked for."""

    @property
    def language(self) -> str:
        """Zh or en."""

    @property
    def is_somebody(self) -> bool:
        """Whether they have entered."""

    @property
    def principal(self) -> Any:
        """With `role`, `name`, `scope`, where they have."""


def render(who: Reader, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page. In templates: `t(key)`, `of(group, value)`, and what `_environment` adds; `who`, `here` (path and query)
    and the values. A language that the address asks for is kept in a cookie.
    """
    language = _language(who)
    answer = HTMLResponse(page_text(who, template, **values), status, {"Content-Language": TAGS[language]})
    if who.request.query_params.get("lang") == language:
        secure = who.request.url.scheme == "https"
        answer.set_cookie(LANGUAGE_COOKIE, language, YEAR_SECONDS, secure=secure, httponly=True, samesite="lax")
    return answer


def page_text(who: Reader, template: str, **values: Any) -> str:
    """The HTML of a page."""
    url, pages = who.request.url, getattr(who.request.app.state, "pages", {})
    principal = who.principal if who.is_somebody else None
    role = None if principal is None else str(principal.role)
    return (
        _environment(_language(who))
        .get_template(template)
        .render(
            principal=principal,
            role=role,
            csrf=getattr(who, "csrf", ""),
            path=url.path,
            here=with_query(f"{_asked(who)}?{url.query}", lang=None),
            places=places_of(pages, role),
            leads=lambda page: may_open(pages, role, page),
            **values,
        )
    )


def _asked(who: Reader) -> str:
    """The path as it was asked for, with what is escaped in it; a path of ours, however it begins."""
    scope = who.request.scope
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("ascii")
    return "/" + path.lstrip("/")


def with_query(here: str, **changes: Any) -> str:
    """The address of the same page with other parameters; None takes one away, and so does an empty text."""
    path, _, query = here.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name not in changes]
    new = [(name, str(value)) for name, value in changes.items() if value not in {None, ""}]
    return f"{path}?{urlencode([*kept, *new])}" if kept or new else path


def field_moment(text: str | None) -> str:
    """A moment that a request named, as a field of a date and a time has it; nothing for none."""
    ms = ms_of(text, "")
    return "" if ms is None else figures.local(ms)


def as_of_place(moments: Sequence[int], known_at: str | None) -> int:
    """Of moments, the earliest first, the last that was not after what a request named; behind them all for none."""
    ms = ms_of(known_at, "")
    return len(moments) if ms is None else max(bisect_right(moments, ms) - 1, 0)


def outside(text: object) -> Markup:
    """Text of others: what hides or turns around is shown as an escape, and its direction ends with it."""
    return Markup("<bdi>{}</bdi>").format(visible("" if text is None else str(text)))


def fit(text: object, columns: int) -> str:
    """The same where no element can be: in a picture or a title, no wider than so many Latin letters."""
    return shortened(visible("" if text is None else str(text)), columns)


def _language(who: Reader) -> str:
    return who.language if who.language in LANGUAGES else LANGUAGES[0]


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=PackageLoader("suyuan.portal.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = words(language)
    made.globals |= {
        "t": said,
        "of": said.of,
        "language": language,
        "lang": TAGS[language],
        "static": STATIC.address,
        "sign": lambda name: SIGNS.get(name, "·"),
        "class_of_gap": lambda gap: CLASSES.get(gap, "unverified"),
        "number": figures.number,
        "short_number": lambda value: figures.short_number(value, language),
        "share": figures.share,
        "hours": figures.hours,
        "yuan": figures.yuan,
        "moment": figures.moment,
        "day": figures.day,
        "field_moment": field_moment,
        "as_of_place": as_of_place,
        "with_query": with_query,
    }
    made.filters["local"] = figures.local
    made.filters["outside"] = outside
    made.filters["fit"] = fit
    made.filters["said"] = lambda text: said_in(text, language)
    return made
