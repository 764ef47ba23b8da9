"""What is still remembered of a market that goes on for ever."""

from __future__ import annotations

from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Window(Generic[T]):
    """At most `size` things; a new one takes the place of any other when it is full."""

    def __init__(self, size: int, rng: Random) -> None:
        self._size = size
        self._rng = rng
        self._things: list[T] = []

    def __len__(self) -> int:
        return len(self._things)

    def keep(self, thing: T) -> T:
        """Remember it."""
        if len(self._things) < self._size:
            self._things.append(thing)
        else:
            self._things[self._rng.randrange(self._size)] = thing
        return thing

    def any(self) -> T:
        """One of them by chance; IndexError when there is none."""
        return self._rng.choice(self._things)

    def take(self) -> T:
        """One of them by chance, forgotten afterwards; IndexError when there is none."""
        at = self._rng.randrange(len(self._things)) if self._things else 0
        self._things[at], self._things[-1] = self._things[-1], self._things[at]
        return self._things.pop()
