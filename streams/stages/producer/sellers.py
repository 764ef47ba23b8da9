"""What is known of sellers: kept at the home of each, told to the partitions that asked, and kept there too.

The home of a seller is the partition of its code, where its records go. Whoever is told keeps the version with it: what
a former owner of the home sends late is below what its successor told, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from suyuan.domain.facts.seller import UNKNOWN
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.producer.kept import pairs_below
from suyuan.streams.stages.producer.keys import name, parts, prefix
from suyuan.streams.stages.producer.numbers import take_numbers
from suyuan.streams.stages.producer.seller_messages import SellerMessage, answers, heard


class Sellers:
    """Reads and writes a partition's facts of sellers for one block, and collects what others are to be told."""

    def __init__(self, block: Block, state: StateView, context: StageContext) -> None:
        self._block = block
        self._state = state
        self._context = context
        self._told: dict[tuple[str, int], int] = {}
        """(code, asker) → received_at"""

    def hear(self) -> dict[str, int]:
        """Take in one block of `producer.seller`: who asks is noted and answered. Returns the sellers whose facts are
        others now than they were here, each with the log's time (ms) of what changed them; in a redelivered block all
        that it tells of.
        """
        changed: dict[str, int] = {}
        for message in heard(self._block):
            if message.message == "asked":
                self._state.put(name("seller-asker", message.code, str(message.asker)), b"")
                self._told.setdefault((message.code, message.asker), 0)
            elif self._keep(message):
                changed[message.code] = max(message.received_at, changed.get(message.code, 0))
        return changed

    def tell(self, codes: Mapping[str, int]) -> None:
        """Tell all who asked the facts of sellers whose home this is. `codes`: with received_at."""
        if self._context.partitions == 1:
            return
        asked = pairs_below(self._state, [prefix("seller-asker", code) for code in codes])
        for (code, received_at), pairs in zip(codes.items(), asked, strict=True):
            for key, _ in pairs:
                self._told[code, int(parts(key)[2])] = received_at

    def outputs(self) -> list[Output]:
        """What is told, as `producer.seller`, or nothing."""
        if not self._told:
            return []
        codes = list(dict.fromkeys(code for code, _ in self._told))
        held = self._state.get_many([name("facts-seller", code) for code in codes])
        facts = {code: (value or UNKNOWN).decode() for code, value in zip(codes, held, strict=True)}
        version = take_numbers(len(self._told), self._state, self._context)
        told = [
            SellerMessage("told", code, asker, number, facts[code], received_at)
            for number, ((code, asker), received_at) in enumerate(self._told.items(), version)
        ]
        return [answers(told)]

    def _keep(self, told: SellerMessage) -> bool:
        """Keep what is told, unless something later was. Returns whether it is another than before."""
        assert told.version is not None  # noqa: S101 -- narrows the types for the type checker
        assert told.facts is not None  # noqa: S101
        if told.version < int(self._state.get(name("seller-version", told.code)) or b"-1"):
            return False
        self._state.put(name("seller-version", told.code), str(told.version).encode())
        key, facts = name("facts-seller", told.code), told.facts.encode()
        if self._state.get(key) == facts:
            return self._block.redelivered
        self._state.put(key, facts)
        return True
