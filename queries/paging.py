"""Lists by pages: each begins behind the last row of the one before, by the columns that the list is ordered by.

No reader is held between two pages. A row that comes in between is met if its place is still ahead. None is met twice
or left out because others came or went (as it would be by counting rows). A row that itself moves between two pages,
because what it is ordered by has changed, may be met twice, as it was and as it is, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.rows import Row, Tables, read, where_clause
from suyuan.sinks.readers import Reader

T = TypeVar("T")

MOST_ROWS = 2_000
"""of a page that somebody waits for"""
MOST_EXPORTED = 10_000
"""of a page that nobody waits for: such pages have readers of their own. Whole lists are no pages (`read_all`)"""

Cursor = tuple[str | int | list[str], ...]
"""a place in a list: the values that its last row is ordered by"""


class Page(msgspec.Struct, frozen=True):
    """At most `limit` rows, those behind `after`; None: from the beginning."""

    limit: int
    after: Cursor | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_EXPORTED:
            raise SuyuanError(f"a page has 1 to {MOST_EXPORTED:,} rows, not {self.limit:,}", ErrorKind.USAGE)


class Paged(msgspec.Struct, Generic[T], frozen=True):
    """Rows of one page. `after`: the place of the last of them, where the next page begins; of a page without rows,
    what was asked for. `more`: whether rows are behind it now.
    """

    rows: list[T]
    after: Cursor | None
    more: bool


@dataclass(frozen=True, slots=True)
class Column:
    """What a list is ordered by. `type`: of ClickHouse, of the values in a cursor; `bound`: such a value in SQL."""

    expression: str
    value: Callable[[Row], Any]
    type: str = "String"
    descending: bool = False
    bound: str = "{}"


def text(name: str, expression: str = "") -> Column:
    """A column of text."""
    return Column(expression or name, lambda row: row[name])


def number(name: str, *, descending: bool = False) -> Column:
    """A column of whole numbers."""
    return Column(name, lambda row: row[name], "Int64", descending)


def moment(name: str, *, descending: bool = False) -> Column:
    """A column of times, in ms."""
    return Column(name, lambda row: row[name], "Int64", descending, "fromUnixTimestamp64Milli({})")


def texts(name: str) -> Column:
    """A column of lists of texts."""
    return Column(name, lambda row: row[name], "Array(String)")


@dataclass(frozen=True, slots=True)
class Order:
    """Columns that, together, no two rows of a list have the same values of."""

    columns: tuple[Column, ...]

    @property
    def by(self) -> str:
        """ORDER BY."""
        return "ORDER BY " + ", ".join(
            f"{column.expression} DESC" if column.descending else column.expression for column in self.columns
        )

    def cursor(self, row: Row) -> Cursor:
        """The place of a row."""
        return tuple(column.value(row) for column in self.columns)

    def beyond(self, after: Cursor | None) -> tuple[list[str], dict[str, Any]]:
        """Conditions that rows behind a place meet, and the values that are bound to them. Raises SuyuanError for what
        is no place in this list.
        """
        if after is None:
            return [], {}
        self._check(after)
        bound = [column.bound.format(f"{{after_{index}:{column.type}}}") for index, column in enumerate(self.columns)]
        condition = ""
        for index, column in reversed(list(enumerate(self.columns))):
            ahead = f"{column.expression} {'<' if column.descending else '>'} {bound[index]}"
            # spelt out, and not as tuples that are compared: ClickHouse finds the place by its index so
            condition = f"({ahead} OR ({column.expression} = {bound[index]} AND {condition}))" if condition else ahead
        return [condition], {f"after_{index}": value for index, value in enumerate(after)}

    def _check(self, after: Cursor) -> None:
        types = {"String": str, "Int64": int, "Array(String)": list}
        if len(after) != len(self.columns) or not all(
            isinstance(value, types[column.type]) and value is not True and value is not False
            for value, column in zip(after, self.columns, strict=True)
        ):
            raise SuyuanError("that is no place in this list: begin again without one", ErrorKind.USAGE)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list in SQL: rows of `select` that meet the conditions, in their order. `limit_by`: a LIMIT … BY before the
    limit.
    """

    select: str
    conditions: Sequence[str]
    values: dict[str, Any]
    order: Order
    limit_by: str = ""


def read_page(tables: Tables, query: ListQuery, page: Page) -> Paged[Row]:
    """Rows behind the page's place."""
    beyond, place = query.order.beyond(page.after)
    rows = read(
        tables,
        f"{query.select} {where_clause([*beyond, *query.conditions])} {query.order.by} {query.limit_by}"
        f" LIMIT {page.limit + 1}",
        {**query.values, **place},
    )
    return _paged(rows, query.order, page)


def read_all(reader: Reader, query: ListQuery, limit: int | None) -> Generator[list[Row]]:
    """All rows, or the first `limit`, in blocks, by one read of the tables: an order that is not their key makes each
    page of a list read all that is behind it again.
    """
    some = "" if limit is None else f"LIMIT {limit}"
    return reader.stream(
        f"{query.select} {where_clause([*query.conditions])} {query.order.by} {query.limit_by} {some}",
        query.values,
    )


def _paged(rows: list[Row], order: Order, page: Page) -> Paged[Row]:
    more = len(rows) > page.limit
    del rows[page.limit :]
    return Paged(rows, order.cursor(rows[-1]) if rows else page.after, more)


def walk(question: Callable[[Page], Paged[T]], limit: int | None = None) -> Iterator[T]:
    """The rows of a list, page by page; at most `limit`, None: all."""
    left, after = limit, None
    while left is None or left > 0:
        page = question(Page(MOST_EXPORTED if left is None else min(left, MOST_EXPORTED), after))
        yield from page.rows
        if not page.more:
            return
        left, after = None if left is None else left - len(page.rows), page.after
