"""One run of one contestant: warm up, stand still while the load is published, go, and be checked.

1. An empty broker; the contestant's processes start; the warm-up is published and every chain of it awaited.
2. The processes are stopped (SIGSTOP) while the load is published: no contestant shares the cores with the publisher.
3. They go on (SIGCONT): the clock and their CPU time run until the broker has taken the last chain. Topic chains is
   stamped by the broker (LogAppendTime), so the end of the clock is its time of the last message, whenever it is seen.
4. Late records: the load lacks half of the records at first. When every chain that can be made is there, so every
   listing has been read, the processes are stopped again, the other records are published, and they go on; the clock
   does not run in between.
5. The topic is read and compared with what the market says (`check`).

With `kill` the processes are killed (SIGKILL) when half of the chains are there, and started again with what they left
on the disk and in the broker: chains may then be there twice, none may be missing or wrong, and no figure is taken.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.trace_join import broker as brokers
from bench.trace_join.check import Output, read_chains
from bench.trace_join.contestants import Contestant
from bench.trace_join.feed import Feed
from bench.trace_join.market import Market
from bench.trace_join.processes import Processes

POLL_SECONDS = 0.05
SETTLE_SECONDS = 3.0
"""after the warm-up, so that what it left to commit is committed"""
QUIET_SECONDS = 10.0
"""without a new chain, after which a contestant that was killed is believed to be through"""


@dataclass(frozen=True)
class Rules:
    """The same for all. `patience`: seconds without a new chain after which a run has failed."""

    late: bool = False
    kill: bool = False
    commit_ms: int = 5_000
    patience: float = 180.0


@dataclass
class _Phase:
    """From let go to stopped: times in seconds since the epoch, CPU in seconds."""

    began: float
    cpu: float
    ended: float = 0.0


async def measure(contestant: Contestant, market: Market, rules: Rules, folder: Path) -> dict[str, Any]:
    """The figures of a run, or `failed` with the reason."""
    for leftover in ("state", "logs"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    with brokers.running(folder / "broker") as broker:
        broker.create_topics(contestant.changelogs)
        async with Feed(broker.servers) as feed:
            state = folder / "state"
            state.mkdir(parents=True)
            commands = contestant.commands(broker.servers, state, rules.commit_ms)
            warm, load = market.warm_up, market.load
            early = market.listings - int(load.waits.sum()) if rules.late else market.listings
            batches = feed.batches(warm, late=rules.late), feed.batches(load, late=rules.late)
            del warm, load
            processes = Processes(commands, folder / "logs" / contestant.name)
            phases: list[_Phase] = []
            try:
                for portion in batches[0]:
                    await feed.publish(portion)
                await await_chains(broker, processes, market.warm_listings, rules.patience)
                await asyncio.sleep(SETTLE_SECONDS)
                goals = (early, market.listings) if rules.late else (market.listings,)
                done = market.warm_listings
                for portion, goal in zip(batches[1], goals, strict=False):
                    processes.hold()
                    await feed.publish(portion)
                    phases.append(_Phase(time.time(), processes.cpu_seconds()))
                    processes.let_go()
                    whole = market.warm_listings + goal
                    if rules.kill:
                        await await_chains(broker, processes, (done + whole) // 2, rules.patience)
                        processes.kill()
                        processes = Processes(commands, folder / "logs" / contestant.name)
                        await _until_quiet(broker, processes, whole, rules.patience)
                    else:
                        await await_chains(broker, processes, whole, rules.patience)
                    done = whole
                    phases[-1].cpu = processes.cpu_seconds() - phases[-1].cpu
                    phases[-1].ended = time.time()
                peak = processes.peak_mib()
            except (RuntimeError, TimeoutError) as reason:
                written = broker.chains_written()
                return {"failed": str(reason), "chains_written": written}
            finally:
                processes.end()
            output = await read_chains(broker.servers, market)
    if rules.kill:
        return {"survives_kill": not (output.missing or output.wrong), **_counts(output)}
    return _figures(output, phases, market) | {"peak_memory_mib": peak}


async def await_chains(broker: brokers.Broker, processes: Processes, chains: int, patience: float) -> None:
    """Until so many chains are written. TimeoutError when none comes for `patience` seconds, RuntimeError when a
    process ends.
    """
    written, moved = -1, time.monotonic()
    while (now := broker.chains_written()) < chains:
        processes.check()
        if now > written:
            written, moved = now, time.monotonic()
        elif time.monotonic() - moved > patience:
            raise TimeoutError(f"{now} chains of {chains}, and none more for {patience:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


async def _until_quiet(broker: brokers.Broker, processes: Processes, chains: int, patience: float) -> None:
    """Until at least so many chains are written, some of them twice, and no more come."""
    await await_chains(broker, processes, chains, patience)
    written, moved = -1, time.monotonic()
    while time.monotonic() - moved < QUIET_SECONDS:
        if (now := broker.chains_written()) > written:
            written, moved = now, time.monotonic()
        await asyncio.sleep(POLL_SECONDS)


def _figures(output: Output, phases: list[_Phase], market: Market) -> dict[str, Any]:
    seconds = sum(max(at for at in output.times if at <= phase.ended * 1000) / 1000 - phase.began for phase in phases)
    cpu = sum(phase.cpu for phase in phases)
    events = market.listings + market.records
    return {
        "listings_per_second": round(market.listings / seconds),
        "events_per_second": round(events / seconds),
        "listings_per_cpu_second": round(market.listings / cpu),
        "events_per_cpu_second": round(events / cpu),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "exact": output.exact,
        **_counts(output),
    }


def _counts(output: Output) -> dict[str, Any]:
    return {
        "chains": len(output.times),
        "missing": output.missing,
        "repeated": output.repeated,
        "wrong": output.wrong,
        "sha256": output.sha256,
    }
