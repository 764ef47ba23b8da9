"""What the rules know of a kind of events: which of its fields is what. The kinds themselves: `schemas/kinds.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from suyuan.domain.identifiers.gtin import gtin_form
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form

Form = Literal["code", "gtin", "lot", "text", "number", "pseudonym", "free"]
"""What a text is, of a list what its items are: code (licence numbers have the same form), GTIN, lot, another text that
is compared in normal form (categories), number (of anything else), pseudonym of a person, free (shown, never compared)
"""
FORMS: tuple[Form, ...] = get_args(Form)

EVERY_NUMBER = ("event_id",)
EVERY_CODE = ("publisher",)
"""of every kind, and not among the fields of a kind below"""


@dataclass(frozen=True, eq=False)
class EventKind:
    """Fields by name, those of the business key first. Each is equal to itself alone.

    forms: of every text that has one; lists: of every list of texts that has one
    optional: what may be absent
    may_be_nothing: what must be there, and is taken when nothing is left of it in normal form
    must_match: codes and GTINs without which the record could never match anything
    past: days that cannot be later than the event; counted: numbers that cannot be negative
    digits: of numbers that have a fixed count of digits, how many
    scrubbed: texts from which numbers that lead to a person are taken out before they are published
    personal: it may name a person, so no reason quotes a value
    of_system: the running system alone publishes it
    """

    name: str
    forms: Mapping[str, Form] = field(default_factory=dict)
    lists: Mapping[str, Form] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    may_be_nothing: frozenset[str] = frozenset()
    must_match: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    digits: Mapping[str, int] = field(default_factory=dict)
    scrubbed: tuple[str, ...] = ()
    personal: bool = False
    of_system: bool = False

    def of(self, *forms: Form) -> tuple[str, ...]:
        """Its text fields that have one of these forms."""
        return tuple(name for name, form in self.forms.items() if form in forms)

    def lists_of(self, *forms: Form) -> tuple[str, ...]:
        """Its lists whose items have one of these forms."""
        return tuple(name for name, form in self.lists.items() if form in forms)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Its credit code fields."""
        return self.of("code")

    @cached_property
    def gtins(self) -> tuple[str, ...]:
        """Its GTIN fields."""
        return self.of("gtin")

    @cached_property
    def persons(self) -> tuple[str, ...]:
        """Its fields that stand for people, by pseudonyms."""
        return self.of("pseudonym")

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Its credit codes, GTINs and lots: what stands on goods and in registers."""
        return (*self.codes, *self.gtins, *self.of("lot"))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Its lots, and other texts that are compared in normal form."""
        return self.of("lot", "text")

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Its other numbers, which lose no more than control characters."""
        return self.of("number")

    @cached_property
    def text_lists(self) -> tuple[str, ...]:
        """Its lists of texts that are compared in normal form."""
        return self.lists_of("lot", "text")

    @cached_property
    def identifiers(self) -> dict[str, Callable[[str | None], str | None]]:
        """Field → function that brings one text of it into normal form; the event's own identifiers first."""
        return {
            **dict.fromkeys((*EVERY_NUMBER, *self.numbers), number_form),
            **dict.fromkeys((*EVERY_CODE, *self.codes), code_form),
            **dict.fromkeys(self.gtins, gtin_form),
            **dict.fromkeys(self.texts, text_form),
        }

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Identifiers that must be there, the event's own first."""
        named = (*EVERY_NUMBER, *EVERY_CODE, *self.codes, *self.gtins, *self.texts, *self.numbers)
        return tuple(name for name in named if name not in self.optional)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """Required identifiers without which an event is refused."""
        return tuple(name for name in self.required if name not in self.may_be_nothing)
