"""Rules as a TOML file: an array of tables `rule`, one per rule, with the fields of `Rule`."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import MISSING, fields
from functools import cache
from importlib.resources import files

from suyuan.domain.rules.errors import RuleError
from suyuan.domain.rules.rule import Rule
from suyuan.domain.rules.sql import condition

_FIELDS = {field.name: {"str": str, "int": int}.get(str(field.type), str) for field in fields(Rule)}
_NEEDED = {field.name for field in fields(Rule) if field.default is MISSING}


def read_catalogue(text: str) -> tuple[Rule, ...]:
    """The rules of a TOML text, each checked, expression and templates included.

    Raises RuleError naming the rule; "catalogue" where the file itself is at fault.
    """
    try:
        tables = tomllib.loads(text).get("rule", [])
    except tomllib.TOMLDecodeError as error:
        raise RuleError("catalogue", f"not TOML ({error})") from error
    rules = tuple(_rule(table) for table in tables)
    for name, times in Counter(rule.id for rule in rules).items():
        if times > 1:
            raise RuleError(name, "there are several rules of this id")
    for rule in rules:
        condition(rule)
    return rules


def line_of(text: str, error: RuleError) -> int | None:
    """The line of a catalogue on which the rule at fault begins, or the one that holds the token at fault; None where
    the text does not show it.
    """
    lines = text.splitlines()
    names = re.compile(rf"""\s*id\s*=\s*["']{re.escape(error.rule)}["']""")
    first = next((number for number, line in enumerate(lines, 1) if names.match(line)), None)
    if first is None or error.token is None:
        return first
    token = error.token.strip("'")
    ends = next((at for at in range(first, len(lines)) if lines[at].startswith("[")), len(lines))
    return next((at for at in range(first, ends + 1) if token in lines[at - 1]), first)


def catalogue_text() -> tuple[str, str]:
    """(its path, its text) of the catalogue that ships with the product."""
    file = files(__package__).joinpath("catalogue.toml")
    return str(file), file.read_text(encoding="utf-8")


@cache
def built_in_rules() -> tuple[Rule, ...]:
    """The rules that ship with the product."""
    return read_catalogue(catalogue_text()[1])


def _rule(table: dict[str, object]) -> Rule:
    name = str(table.get("id", "without id"))
    for field, value in table.items():
        if field not in _FIELDS:
            raise RuleError(name, "no such field", field)
        if not isinstance(value, _FIELDS[field]):
            raise RuleError(name, f"{field} is not a {_FIELDS[field].__name__}", repr(value))
    missing = sorted(_NEEDED - table.keys())
    if missing:
        raise RuleError(name, "without", ", ".join(missing))
    return Rule(**table)  # type: ignore[arg-type]  # checked above
