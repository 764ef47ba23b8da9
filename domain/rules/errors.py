from __future__ import annotations

from suyuan.errors import ErrorKind, SuyuanError


class RuleError(SuyuanError, ValueError):
    """A rule that cannot be used. Names the rule and, where one is at fault, the token."""

    kind = ErrorKind.CONFIGURATION

    def __init__(self, rule: str, problem: str, token: str | None = None) -> None:
        super().__init__(f"rule {rule}: {problem}" + (f": {token}" if token else ""))
        self.rule = rule
        self.problem = problem
        self.token = token
