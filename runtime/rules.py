"""The rules, read before anything is started: else a mistake would show at the first chain, as a stage that fails."""

from __future__ import annotations

from suyuan.domain.rules import catalogue
from suyuan.domain.rules.errors import RuleError
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.streams.stages.risk.watch import built_in_watch


def check_rules() -> None:
    """Raises SuyuanError, CONFIGURATION, naming file, line, rule and what is wrong with it."""
    try:
        built_in_watch()
    except RuleError as error:
        file, text = catalogue.catalogue_text()
        line = catalogue.line_of(text, error)
        place = file if line is None else f"{file}:{line}"
        raise SuyuanError(
            f"{place}: {error}; mend the rule, or take it out (what a rule may say: docs/reference/rules.md)",
            ErrorKind.CONFIGURATION,
        ) from None
