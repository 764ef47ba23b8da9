"""A rule's SQL expression, checked, and translated for polars and ClickHouse, which agree, NULLs included.

    AND OR NOT ( )    = <> < <= > >=    IS [NOT] NULL    [NOT] IN (literals)    [NOT] BETWEEN
    [NOT] LIKE 'a' | 'a%' | '%a' | '%a%'    array_contains(gap_names, 'gap')    coalesce(column, literal)
    + - * on whole numbers    'text'  123  TRUE  FALSE    columns: see columns.py

Logic is SQL's, of three values. Refused is what the engines do differently (division, decimals, other
patterns, case folding, comparing text with numbers, NULL outside IS NULL) and everything that is not listed
above. Arithmetic is that of int64, and wraps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl
import sqlglot
from polars.exceptions import PolarsError
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from suyuan.domain.rules.errors import RuleError
from suyuan.domain.rules.terms import translate

if TYPE_CHECKING:
    from suyuan.domain.rules.rule import Rule

MAX_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class Condition:
    """polars, clickhouse: SQL text of the same condition; columns: those it reads; gaps: those it names in
    array_contains; needs: gaps of which there is one wherever it is true, None where it may be true without any.
    """

    polars: str
    clickhouse: str
    columns: frozenset[str]
    gaps: frozenset[str]
    needs: frozenset[str] | None


@lru_cache(maxsize=1024)
def condition(rule: Rule) -> Condition:
    """A rule's expression, checked and translated. Raises RuleError where it is not one of the language above."""
    try:
        tree = _parse(rule)
        term = translate(rule.id, tree)
        gaps = {str(node.expression.this) for node in tree.find_all(exp.ArrayContains)}
        columns = {column.name for column in tree.find_all(exp.Column)}
        found = Condition(term.polars, term.clickhouse, frozenset(columns), frozenset(gaps), _needs(tree))
        pl.sql_expr(found.polars)
    except (RecursionError, PolarsError) as error:
        raise RuleError(rule.id, "too deeply nested") from error
    return found


def to_polars(rule: Rule) -> pl.Expr:
    """Expression for whether the rule fires on each row, never null, named by the rule's id; over the columns of
    `columns.py` and no others.
    """
    fires = pl.sql_expr(condition(rule).polars) & (pl.col("verdict") != "removed")
    return fires.fill_null(value=False).alias(rule.id)


def to_clickhouse(rule: Rule) -> str:
    """An expression that is 1 where the rule fires and else 0, over columns of the same names."""
    return f"ifNull({condition(rule).clickhouse} AND \"verdict\" <> 'removed', 0)"


def _needs(tree: exp.Expr) -> frozenset[str] | None:
    """As `Condition` has it: a conjunction is true where both sides are, an alternative where one is."""
    match tree:
        case exp.Paren():
            return _needs(tree.this)
        case exp.ArrayContains():
            return frozenset({str(tree.expression.this)})
        case exp.And():
            left, right = _needs(tree.this), _needs(tree.expression)
            return left if right is None else right
        case exp.Or():
            left, right = _needs(tree.this), _needs(tree.expression)
            return None if left is None or right is None else left | right
    return None


def _parse(rule: Rule) -> exp.Expr:
    text = rule.expression
    if len(text) > MAX_LENGTH:
        raise RuleError(rule.id, f"the expression is longer than {MAX_LENGTH} characters")
    try:
        trees = sqlglot.parse(text)
    except SqlglotError as error:
        raise RuleError(rule.id, f"not an SQL expression ({_plain(error)})", text) from error
    if len(trees) != 1 or trees[0] is None:
        raise RuleError(rule.id, "not one expression", text)
    return normalize_identifiers(trees[0])


def _plain(error: SqlglotError) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return str(error)
    first = details[0]
    return f"{first['description']} Line {first['line']}, column {first['col']}"
