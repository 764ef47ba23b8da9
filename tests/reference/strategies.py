"""Hypothesis strategies: markets, and the ways in which their events may reach the system."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from tests.reference.markets import generate


@st.composite
def markets(draw, listings=8, products=3):
    """Events of one market, some left out at random: a failing one shrinks to the few that matter."""
    sizes = {"listings": draw(st.integers(1, listings)), "products": draw(st.integers(1, products))}
    events = generate(draw(st.integers(0, 100_000)), **sizes)
    return [event for event in events if draw(st.integers(0, 19))]


@st.composite
def deliveries(draw, events):
    """The events in any order, some of them again, cut into batches (lists; none is empty)."""
    again = draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    arriving = draw(st.permutations([*events, *again]))
    cuts = draw(st.lists(st.integers(1, max(len(arriving) - 1, 1)), max_size=6, unique=True).map(sorted))
    edges = [0, *cuts, len(arriving)]
    batches = [arriving[first:last] for first, last in pairwise(edges)]
    return [batch for batch in batches if batch]
