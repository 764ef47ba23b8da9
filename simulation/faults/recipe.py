"""What a fault recipe is, and how one is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from suyuan.simulation.faults.alerts import ALERTS
from suyuan.simulation.parties import Offer
from suyuan.simulation.trade import Trade

Recipe = Callable[[Trade], list[Offer]]
"""Builds a chain in which one thing is wrong, all else in order; answers the listings that show it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A recipe, the gap that it shall show (None: an alert only), and the rules of which one shall raise an
    alert (none: no alert is asked for). `also`: further gaps that come with it.
    """

    name: str
    recipe: Recipe
    gap: str | None
    rules: tuple[str, ...]
    also: tuple[str, ...]


class Book:
    """Recipes of one kind, in the order in which they are written."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def enter(
        self, name: str, recipe: Recipe, gap: str | None, rules: tuple[str, ...] = (), also: tuple[str, ...] = ()
    ) -> None:
        """Add a recipe under a name. Without rules, any of those for its gap will do."""
        self.faults.append(Fault(name, recipe, gap, rules or ALERTS.get(gap or "", ()), also))

    def fault(self, gap: str | None, *rules: str, also: tuple[str, ...] = ()) -> Callable[[Recipe], Recipe]:
        """Add the function below under its own name."""

        def enter(recipe: Recipe) -> Recipe:
            self.enter(str(getattr(recipe, "__name__", recipe)), recipe, gap, rules, also)
            return recipe

        return enter
