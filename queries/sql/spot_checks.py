"""What is drawn from in a spot check, and the acts on checks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.checks.bodies import Plan
from suyuan.domain.checks.faults import NOT_IN_TABLES, expression_faults
from suyuan.domain.rules.columns import COLUMNS
from suyuan.domain.rules.rule import Rule
from suyuan.domain.rules.sql import to_clickhouse
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.paging import ListQuery, Order, Page, Paged, read_page, text
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import must_see_everything

_BY_ID = Order((text("id"),))


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
    must_see_everything(scope, "acts on spot checks")
    return read(
        tables,
        "SELECT event_id, publisher, occurred_at, check_id, act, actor, body, tie FROM current_check_act"
        " WHERE startsWith(check_id, {beginning:String}) ORDER BY occurred_at, event_id, publisher, tie",
        {"beginning": beginning},
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
