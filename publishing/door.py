"""The door: what an event leaves outside where it comes in, before anything of it is written anywhere.

| what                                                | becomes                                                     |
|-----------------------------------------------------|-------------------------------------------------------------|
| a text of form `pseudonym` (a complaint's           | a pseudonym under the key of whoever runs the door; one     |
| `complainant`)                                      | that is a pseudonym stays                                   |
| a text that is `scrubbed` (what a complaint is      | the same without telephone, identity and bank card numbers  |
| about, why a recall, what a penalty is for)         | (`domain.privacy.scrub`)                                    |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from suyuan.domain.privacy.pseudonym import Pseudonyms, is_pseudonym
from suyuan.domain.privacy.scrub import scrub
from suyuan.schemas.kinds import EVENT_KINDS


class Door:
    """For any number of threads."""

    def __init__(self, pseudonyms: Callable[[], Pseudonyms] | None = None) -> None:
        """`pseudonyms`: asked for when the first name comes in, and again until it answers; what it raises `admit`
        raises. None: there is no key here, so names are left to the rules of acceptance, which refuse them.
        """
        self._ask = pseudonyms
        self._pseudonyms: Pseudonyms | None = None

    def admit(self, kind: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The event as it may be written down; the same object where nothing had to change. `event`: its fields as
        `parse_event` has them.
        """
        rules = EVENT_KINDS[kind]
        changed: dict[str, Any] = {}
        for name in rules.persons:
            if self._ask is not None and not is_pseudonym(event[name]):
                changed[name] = self._made(self._ask).of(event[name]) or event[name]
        for name in rules.scrubbed:
            value = event[name]
            if value is not None and (told := scrub(value)) != value:
                changed[name] = told
        return {**event, **changed} if changed else event

    def _made(self, ask: Callable[[], Pseudonyms]) -> Pseudonyms:
        if self._pseudonyms is None:
            self._pseudonyms = ask()
        return self._pseudonyms
