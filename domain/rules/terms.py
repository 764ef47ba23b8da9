"""From sqlglot's tree to the text of both engines, node by node: what has no translation here is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from sqlglot import expressions as exp

from suyuan.domain.identifiers.gtin import gtin_form
from suyuan.domain.identifiers.normal_form import code_form, text_form
from suyuan.domain.rules.columns import COLUMNS, Kind
from suyuan.domain.rules.errors import RuleError

INT64_MAX = 2**63 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Term:
    """A checked part of an expression, in both engines' SQL, in brackets where needed."""

    kind: Kind
    polars: str
    clickhouse: str


def translate(rule: str, tree: exp.Expr) -> Term:
    """The whole expression, a truth value. Raises RuleError naming the rule and the token refused."""
    return _Translator(rule).of(tree, Kind.TRUTH)


class _Translator:
    def __init__(self, rule: str) -> None:
        self.rule = rule

    def of(self, node: exp.Expr, kind: Kind) -> Term:
        term = self.any(node)
        if term.kind is not kind:
            self.refuse(f"{kind.value} expected, not {term.kind.value}", node)
        return term

    def any(self, node: exp.Expr) -> Term:
        known = _NODES.get(type(node))
        if known is None:
            if isinstance(node, exp.Null):
                self.refuse("NULL stands only in IS NULL", node)
            self.refuse("not in the language of rules", node)
        handle, arguments = known
        for name, value in node.args.items():
            if name not in arguments and value not in (None, False, []):
                self.refuse("not in the language of rules", node)
        return handle(self, node)

    def refuse(self, problem: str, node: exp.Expr) -> NoReturn:
        raise RuleError(self.rule, problem, node.sql())

    def column(self, node: exp.Expr) -> Term:
        name = node.name
        if name not in COLUMNS:
            self.refuse("no such column", node)
        return Term(COLUMNS[name].kind, f'"{name}"', f'"{name}"')

    def literal(self, node: exp.Expr) -> Term:
        text = str(node.this)
        if node.is_string:
            if _CONTROL.search(text):
                self.refuse("a control character in a text", node)
            quoted = text.replace("'", "''")
            return Term(Kind.TEXT, f"'{quoted}'", "'" + quoted.replace("\\", "\\\\") + "'")
        if not text.isascii() or not text.isdigit() or int(text) > INT64_MAX:
            self.refuse("only whole numbers of at most 64 bits", node)
        return Term(Kind.NUMBER, str(int(text)), str(int(text)))

    def truth(self, node: exp.Expr) -> Term:
        return Term(Kind.TRUTH, *("TRUE", "1") if node.this else ("FALSE", "0"))

    def bracket(self, node: exp.Expr) -> Term:
        return self.any(node.this)

    def connect(self, node: exp.Expr) -> Term:
        # flat, so that a long chain is no deep nest to the engines' parsers
        word = " AND " if isinstance(node, exp.And) else " OR "
        members = [self.of(member, Kind.TRUTH) for member in node.flatten()]
        return self.joined(word, members)

    def joined(self, word: str, members: list[Term]) -> Term:
        sides = (word.join(term.polars for term in members), word.join(term.clickhouse for term in members))
        return Term(Kind.TRUTH, *(f"({side})" for side in sides))

    def negate(self, node: exp.Expr) -> Term:
        return self.negated(self.of(node.this, Kind.TRUTH))

    def negated(self, term: Term) -> Term:
        return Term(Kind.TRUTH, f"(NOT {term.polars})", f"(NOT {term.clickhouse})")

    def compare(self, node: exp.Expr) -> Term:
        return self.compared(node, node.this, _COMPARISONS[type(node)], node.expression)

    def compared(self, node: exp.Expr, left: exp.Expr, sign: str, right: exp.Expr) -> Term:
        if sign in ("=", "<>"):
            left, right = self.normal(left, right), self.normal(right, left)
        first = self.any(left)
        second = self.of(right, first.kind)
        if first.kind not in (Kind.TEXT, Kind.NUMBER):
            self.refuse("only texts and numbers are compared", node)
        if sign in ("=", "<>"):
            self.vocabulary(left, right)
            self.vocabulary(right, left)
        return Term(
            Kind.TRUTH,
            f"({first.polars} {sign} {second.polars})",
            f"({first.clickhouse} {sign} {second.clickhouse})",
        )

    def normal(self, literal: exp.Expr, column: exp.Expr) -> exp.Expr:
        """The literal as the column has it: codes and other identifiers are stored in normal form."""
        form = _FORMS.get(column.name) if isinstance(column, exp.Column) else None
        if form is None or not isinstance(literal, exp.Literal) or not literal.is_string:
            return literal
        text = str(literal.this)
        return literal if _CONTROL.search(text) else exp.Literal.string(form(text) or text)

    def vocabulary(self, column: exp.Expr, literal: exp.Expr) -> None:
        """A misspelt word of a fixed vocabulary would be a rule that never fires."""
        if isinstance(column, exp.Column) and isinstance(literal, exp.Literal):
            values = COLUMNS[column.name].values
            if values is not None and literal.this not in values:
                self.refuse(f"{column.name} is never", literal)

    def null(self, node: exp.Expr) -> Term:
        term = self.any(node.this)
        if not isinstance(node.expression, exp.Null) or term.kind not in (Kind.TEXT, Kind.NUMBER):
            self.refuse("IS is for IS [NOT] NULL of a text or number", node)
        return Term(Kind.TRUTH, f"({term.polars} IS NULL)", f"({term.clickhouse} IS NULL)")

    def within(self, node: exp.Expr) -> Term:
        # as equations: ClickHouse's own IN takes a NULL on its left for false
        values = node.expressions
        if not values or not all(isinstance(value, (exp.Literal, exp.Neg)) for value in values):
            self.refuse("IN takes a list of literals", node)
        return self.joined(" OR ", [self.compared(node, node.this, "=", value) for value in values])

    def between(self, node: exp.Expr) -> Term:
        ends = (">=", node.args["low"]), ("<=", node.args["high"])
        return self.joined(" AND ", [self.compared(node, node.this, sign, end) for sign, end in ends])

    def like(self, node: exp.Expr) -> Term:
        pattern = node.expression
        text = self.of(node.this, Kind.TEXT)
        form = self.of(pattern, Kind.TEXT)
        if not isinstance(pattern, exp.Literal) or re.search(r"[_\\]|(?<!^)%(?!$)", str(pattern.this)):
            self.refuse("LIKE takes 'a', 'a%', '%a' or '%a%', without _ and \\", node)
        term = Term(Kind.TRUTH, f"({text.polars} LIKE {form.polars})", f"({text.clickhouse} LIKE {form.clickhouse})")
        return self.negated(term) if node.args.get("negate") else term

    def contains(self, node: exp.Expr) -> Term:
        texts = self.of(node.this, Kind.TEXTS)
        wanted = self.of(node.expression, Kind.TEXT)
        if not isinstance(node.expression, exp.Literal):
            self.refuse("array_contains takes a literal", node)
        self.vocabulary(node.this, node.expression)
        return Term(
            Kind.TRUTH,
            f"COALESCE(array_contains({texts.polars}, {wanted.polars}), FALSE)",
            f"has({texts.clickhouse}, {wanted.clickhouse})",
        )

    def coalesce(self, node: exp.Expr) -> Term:
        first = self.any(node.this)
        if first.kind not in (Kind.TEXT, Kind.NUMBER) or len(node.expressions) != 1:
            self.refuse("coalesce takes a text or number, and a literal", node)
        (otherwise,) = node.expressions
        second = self.of(otherwise, first.kind)
        return Term(
            first.kind,
            f"COALESCE({first.polars}, {second.polars})",
            f"ifNull({first.clickhouse}, {second.clickhouse})",
        )

    def arithmetic(self, node: exp.Expr) -> Term:
        sign = _ARITHMETIC[type(node)]
        sides = [self.of(side, Kind.NUMBER) for side in (node.this, node.expression)]
        return Term(
            Kind.NUMBER,
            "(" + f" {sign} ".join(f"CAST({side.polars} AS BIGINT)" for side in sides) + ")",
            "(" + f" {sign} ".join(f"toInt64({side.clickhouse})" for side in sides) + ")",
        )

    def minus(self, node: exp.Expr) -> Term:
        if not isinstance(node.this, exp.Literal):
            self.refuse("a minus sign stands only before a number", node)
        term = self.of(node.this, Kind.NUMBER)
        return Term(Kind.NUMBER, f"(-{term.polars})", f"(-{term.clickhouse})")


_FORMS: dict[str, Callable[[str], str | None]] = {
    **dict.fromkeys(("platform_code", "seller_code", "producer_code"), code_form),
    "gtin": gtin_form,
    **dict.fromkeys(("lot", "category"), text_form),
}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_TWO = ("this", "expression")
_Handler = Callable[[_Translator, exp.Expr], Term]

# every node of the language, with the arguments that its translation takes into account
_NODES: dict[type[exp.Expr], tuple[_Handler, tuple[str, ...]]] = {
    exp.Column: (_Translator.column, ("this",)),
    exp.Literal: (_Translator.literal, ("this", "is_string")),
    exp.Boolean: (_Translator.truth, ("this",)),
    exp.Paren: (_Translator.bracket, ("this",)),
    exp.And: (_Translator.connect, _TWO),
    exp.Or: (_Translator.connect, _TWO),
    exp.Not: (_Translator.negate, ("this",)),
    exp.Is: (_Translator.null, _TWO),
    exp.In: (_Translator.within, ("this", "expressions")),
    exp.Between: (_Translator.between, ("this", "low", "high")),
    exp.Like: (_Translator.like, (*_TWO, "negate")),
    exp.ArrayContains: (_Translator.contains, _TWO),
    exp.Coalesce: (_Translator.coalesce, ("this", "expressions")),
    exp.Neg: (_Translator.minus, ("this",)),
    **dict.fromkeys(_COMPARISONS, (_Translator.compare, _TWO)),
    **dict.fromkeys(_ARITHMETIC, (_Translator.arithmetic, _TWO)),
}
