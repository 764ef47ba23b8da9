"""One performance: the embedded system, a market that publishes into it, and what came out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from suyuan.access.scope import EVERYTHING
from suyuan.cli.demo.entries import entries
from suyuan.cli.demo.feed import Feed
from suyuan.cli.demo.picture import Figures
from suyuan.cli.demo.spot_check import SpotCheck, hold
from suyuan.cli.demo.tour import tour
from suyuan.publishing.files.embedded import EmbeddedOutlet
from suyuan.queries.answers import each_plain
from suyuan.queries.api import AlertFilter, ChainFilter, FindingFilter, Page
from suyuan.queries.paging import walk
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.settings import Settings
from suyuan.simulation.market import Market
from suyuan.simulation.report import Report, compare

_REFRESH = 1.0
"""seconds"""
_NEWEST = 10


@dataclass(frozen=True, slots=True)
class Show:
    """What shall be performed: see `suyuan demo --help`."""

    settings: Settings
    seed: int
    events: int | None
    rate: int | None
    portal: bool = False
    """whether a portal is served, and all stays as it is in the end until it is told to stop"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`spot_check`: one that was held at the end, on what had come; `events` that were published before, in so many
    `seconds`; `tour`: commands that show what there is now.
    """

    report: Report
    spot_check: SpotCheck
    events: int
    seconds: float
    tour: list[str]
    entries: list[tuple[str, str]]
    """of a portal: for whom, and the link"""


async def perform(
    show: Show, look: Callable[[Figures], None] | None = None, told: Callable[[Outcome], None] = lambda _: None
) -> Outcome:
    """`look` is shown the figures at once and every second; without it nobody looks, which is faster. `told` is given
    what came out before anything is stopped.

    The simulated calendar turns the days, so the run publishes none of its own.
    """
    if look is not None:
        look(Figures(expected=show.events, folder=str(show.settings.data)))
    run = EmbeddedRun(show.settings, once=True, portal=show.portal)
    await run.start()
    began = time.monotonic()
    market = Market(show.seed)
    outlet = EmbeddedOutlet(run.log, run.partitions)
    feed = Feed(market, show.events, show.rate, outlet)
    looking: asyncio.Task[None] | None = None
    try:
        if look is not None:
            looking = asyncio.create_task(_look(run, feed, show, look))
        feeding = asyncio.create_task(asyncio.to_thread(feed.run))
        failing = asyncio.create_task(run.wait_failed())
        await asyncio.wait([feeding, failing], return_when=asyncio.FIRST_COMPLETED)
        failing.cancel()
        if run.failed.done():
            raise run.failed.result()
        await feeding
        await run.wait_drained()
        seconds = time.monotonic() - began
        report = await asyncio.to_thread(_report, run, market)
        held = await asyncio.to_thread(hold, run.queries, outlet, show.settings.public_folder())
        links = await asyncio.to_thread(entries, show.settings, run.queries) if show.portal else []
        tried = await asyncio.to_thread(tour, run.queries, run.folder, held.order_no, Path(held.folder))
        outcome = Outcome(report, held, feed.published, seconds, tried, links)
        if looking is not None:
            looking.cancel()
        told(outcome)
        if show.portal:
            await run.wait_failed()
        return outcome
    finally:
        feed.stop()
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        await run.stop()


def _report(run: EmbeddedRun, market: Market) -> Report:
    chains = walk(lambda page: run.queries.chains(EVERYTHING, ChainFilter(), page))
    findings = walk(lambda page: run.queries.findings(EVERYTHING, FindingFilter(), page))
    return compare(market.planted(), each_plain(chains), each_plain(findings))


async def _look(run: EmbeddedRun, feed: Feed, show: Show, look: Callable[[Figures], None]) -> None:
    began = before = time.monotonic()
    counted = 0
    while True:
        await asyncio.sleep(_REFRESH)
        figures = await asyncio.to_thread(_figures, run)
        now = time.monotonic()
        figures.published, figures.expected = feed.published, show.events
        figures.rate, counted = (feed.published - counted) / (now - before), feed.published
        figures.seconds, before = now - began, now
        look(figures)


def _figures(run: EmbeddedRun) -> Figures:
    queries, progress = run.queries, run.progress()
    return Figures(
        lag={**progress.streams, **{f"{topic} (tables)": behind for topic, behind in progress.loader.items()}},
        verdicts=queries.verdicts(EVERYTHING),
        alerts=list(each_plain(queries.alerts(EVERYTHING, AlertFilter(state="raised"), Page(_NEWEST)).rows)),
        folder=str(run.folder),
    )
