"""A ClickHouse client that fails when it is told to, and notes what it was given."""

from __future__ import annotations

from typing import Any


class Faulty:
    """Each element of `before` and `after` is an exception, or None: raised before, after the real insert."""

    def __init__(self, client: Any, before: tuple[BaseException | None, ...] = (), after: tuple = ()) -> None:
        self._client = client
        self._before = list(before)
        self._after = list(after)
        self.tokens: list[str] = []

    def raw_insert(self, *arguments: Any, settings: dict[str, Any], **named: Any) -> Any:
        self.tokens.append(settings["insert_deduplication_token"])
        if self._before and (error := self._before.pop(0)) is not None:
            raise error
        summary = self._client.raw_insert(*arguments, settings=settings, **named)
        if self._after and (error := self._after.pop(0)) is not None:
            raise error
        return summary
