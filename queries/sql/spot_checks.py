"""What is drawn from in a spot check, and the acts on checks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from suyuan.access.scope import EVERYTHING, Scope
from suyuan.domain.checks.bodies import Plan
from suyuan.domain.checks.faults import NOT_IN_TABLES, expression_faults
from suyuan.domain.rules.columns import COLUMNS
from suyuan.domain.rules.rule import Rule
from suyuan.domain.rules.sql import to_clickhouse
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.paging import ListQuery, Order, Page, Paged, number, read_page, text
from suyuan.queries.rows import Row, Tables, read, where_clause
from suyuan.queries.visible import ALL, must_see_everything, visible_chains, visible_checks

_BY_ID = Order((text("id"),))
_BY_NUMBER = Order((number("year", descending=True), text("bureau"), number("number", descending=True)))


class FrameFilter(msgspec.Struct, frozen=True):
    """What a plan draws from, as known at `as_known_at` (ms UTC). See `bodies.Plan`."""

    as_known_at: int
    column: str
    strata: Sequence[str]
    population: str | None = None
    objects: Sequence[str] = ()
    weights: Sequence[tuple[str, int]] = ()

    @classmethod
    def of(cls, plan: Plan, as_known_at: int) -> FrameFilter:
        """Of a plan."""
        return cls(
            as_known_at,
            plan.column,
            tuple(stratum.stratum for stratum in plan.strata),
            plan.population,
            plan.objects,
            tuple((weight.expression, weight.weight) for weight in plan.weights),
        )


def frame(tables: Tables, scope: Scope, wanted: FrameFilter, page: Page) -> Paged[Row]:
    """Rows of a frame in the byte order of their ids: id, parties, stratum, weight."""
    return read_page(tables, list_of_frame(scope, wanted), page)


def list_of_frame(scope: Scope, wanted: FrameFilter) -> ListQuery:
    """The list that `frame` has pages of. Raises SuyuanError, USAGE, for a column or an expression that cannot be
    asked of the tables, and OutsideScope.
    """
    must_see_everything(scope, "frames of spot checks")
    if wanted.column not in COLUMNS or wanted.column in NOT_IN_TABLES:
        raise SuyuanError(f"strata by {wanted.column}: chains have no such column in the tables", ErrorKind.USAGE)
    conditions = ["frame_stratum IN {strata:Array(String)}"]
    if wanted.population is not None:
        conditions.append(_expression("population", wanted.population))
    if wanted.objects:
        conditions.append("(frame_id IN {objects:Array(String)} OR hasAny(frame_parties, {objects:Array(String)}))")
    weights = ", ".join(
        f"{_expression(f'weights[{place}].expression', expression)}, {weight:d}"
        for place, (expression, weight) in enumerate(wanted.weights)
    )
    weight = f"multiIf({weights}, 1)" if weights else "1"
    parties = "platform_code, ifNull(seller_code, ''), ifNull(producer_code, '')"
    select = f"""
        SELECT frame_id AS id, frame_parties AS parties, frame_stratum AS stratum, frame_weight AS weight FROM (
            SELECT *, concat({_encoded("platform_code")}, '/', {_encoded("listing_id")}) AS frame_id,
                arraySort(arrayDistinct(arrayFilter(code -> match(code, '^[0-9A-Za-z._-]+$'), [{parties}])))
                    AS frame_parties,
                toString(ifNull({wanted.column}, '')) AS frame_stratum, toUInt8({weight}) AS frame_weight
            FROM (
                SELECT * FROM chain_history WHERE received_at <= fromUnixTimestamp64Milli({{as_known_at:Int64}})
                ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id
            )
            WHERE verdict <> 'removed'
        )
    """  # noqa: S608 - checked expressions
    values = {"as_known_at": wanted.as_known_at, "strata": list(wanted.strata), "objects": list(wanted.objects)}
    return ListQuery(select, conditions, values, _BY_ID)


def check_acts(tables: Tables, scope: Scope, beginning: str) -> list[Row]:
    """Acts on the checks whose ids begin so, in the order of versions: the bureau's, a year's, or one check's."""
    visible = visible_checks(scope)
    return read(
        tables,
        "SELECT event_id, publisher, occurred_at, check_id, act, actor, body, tie FROM current_check_act"  # noqa: S608
        f" WHERE startsWith(check_id, {{beginning:String}}) AND {visible.condition}"
        " ORDER BY occurred_at, event_id, publisher, tie",
        {"beginning": beginning, **visible.values},
    )


def check_numbers(tables: Tables, scope: Scope | None, bureau: str, year: int | None, page: Page) -> Paged[Row]:
    """Numbers of checks, the newest years first, of each bureau the last first. `scope`: None: every number, which
    everybody may know; `bureau`: first digits of the division.
    """
    visible = ALL if scope is None else visible_checks(scope)
    select = f"""
        SELECT DISTINCT check_id, bureau, year, number FROM (
            SELECT check_id, substring(check_id, 1, 6) AS bureau, toInt64OrZero(substring(check_id, 8, 4)) AS year,
                toInt64OrZero(substring(check_id, 13)) AS number
            FROM current_check_act WHERE {visible.condition}
        )
    """  # noqa: S608 - fixed texts, bound values
    conditions, values = ["startsWith(bureau, {bureau:String})"], {**visible.values, "bureau": bureau}
    if year is not None:
        conditions.append("year = {year:Int64}")
        values["year"] = year
    return read_page(tables, ListQuery(select, conditions, values, _BY_NUMBER), page)


def acts_on(tables: Tables, check_ids: Sequence[str]) -> list[Row]:
    """Acts on checks by their ids, whoever asks."""
    return read(
        tables,
        "SELECT event_id, publisher, occurred_at, check_id, act, actor, body, tie FROM current_check_act"
        " WHERE check_id IN {ids:Array(String)} ORDER BY occurred_at, event_id, publisher, tie",
        {"ids": list(check_ids)},
    )


def outside_of_frame(tables: Tables, scope: Scope, wanted: FrameFilter) -> int:
    """How many rows of a frame are of chains that the scope does not show."""
    visible = visible_chains(scope)
    if visible is ALL:
        return 0
    query = list_of_frame(EVERYTHING, wanted)
    (row,) = read(
        tables,
        f"SELECT count() AS rows FROM ({query.select} {where_clause([*query.conditions])} AND NOT {visible.condition})",  # noqa: S608
        {**query.values, **visible.values},
    )
    return int(row["rows"])


def drawn_listings(tables: Tables, scope: Scope, listings: Sequence[tuple[str, str]], as_known_at: int) -> list[Row]:
    """What chains said, as known then, of listings (platform, listing) that the scope shows."""
    visible = visible_chains(scope)
    return read(
        tables,
        f"""
        SELECT * FROM (
            SELECT platform_code, listing_id, title, seller_code, producer_code, seller_division, producer_division
            FROM chain_history
            WHERE (platform_code, listing_id) IN {{listings:Array(Tuple(String, String))}}
                AND received_at <= fromUnixTimestamp64Milli({{as_known_at:Int64}})
            ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id
        ) WHERE {visible.condition}
        """,  # noqa: S608 - fixed texts, bound values
        {"listings": [tuple(each) for each in listings], "as_known_at": as_known_at, **visible.values},
    )


def _expression(field: str, expression: str) -> str:
    if found := next(expression_faults(field, expression), None):
        raise SuyuanError(str(found), ErrorKind.USAGE)
    return to_clickhouse(Rule("check", 1, "-", "-", "low", expression, "-", "-"))


def _encoded(column: str) -> str:
    """As `frame.frame_id` writes it; normalised texts hold no control characters."""
    for character, code in (("%", "%25"), ("/", "%2F"), ('"', "%22"), ("\\\\", "%5C")):
        column = f"replaceAll({column}, '{character}', '{code}')"
    return column
