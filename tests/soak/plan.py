"""What befalls a market, drawn from its seed before it begins: which fault, when, to whom, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random

WORKER_KILLED = "worker killed"
WORKER_STOPPED = "worker stopped"
WORKER_ENDED = "worker ended"
BROKER_KILLED = "broker killed"
BROKER_ENDED = "broker ended"
BROKER_KILLED_UNDER_A_STOPPED_WORKER = "broker killed under a stopped worker"
LOADER_KILLED = "loader killed"
TABLES_KILLED = "ClickHouse killed"

_SHARES = {
    WORKER_KILLED: 5,
    WORKER_STOPPED: 5,
    WORKER_ENDED: 1.5,
    BROKER_KILLED: 1.2,
    BROKER_ENDED: 0.8,
    BROKER_KILLED_UNDER_A_STOPPED_WORKER: 3,
    LOADER_KILLED: 1.5,
    TABLES_KILLED: 1.5,
}
KINDS = tuple(_SHARES)
_BURST = 0.2
"""share of kills that are the first of several of the same worker, each as soon as it is started again"""
STOP_SECONDS = (10.0, 90.0)
LAPSE_SECONDS = (9.0, 25.0)
"""a worker stands still for so long before its broker dies: its session is over, its partitions are another's"""


@dataclass(frozen=True, slots=True)
class Fault:
    """`at`: seconds after the market began. `seconds`: how long what was killed or stopped stays so.

    Of a broker killed under a stopped worker `seconds` is how long the broker is away until its start begins; the
    worker stands still since `lapse` seconds before the kill, and goes on `resume` seconds after that start began.
    """

    at: float
    kind: str
    seconds: float
    worker: str = ""
    lapse: float = 0.0
    resume: float = 0.0

    def __str__(self) -> str:
        who = f" ({self.worker})" if self.worker else ""
        if self.kind == BROKER_KILLED_UNDER_A_STOPPED_WORKER:
            return (
                f"{self.kind}{who}: stopped {self.lapse:.1f} s before, broker away for {self.seconds:.1f} s, "
                f"worker goes on {self.resume:+.1f} s from its start"
            )
        return f"{self.kind}{who} for {self.seconds:.1f} s"


def draw_faults(
    chance: Random, seconds: float, every: float, workers: tuple[str, ...], stops: tuple[float, float] = STOP_SECONDS
) -> list[Fault]:
    """The faults of so many seconds, one in `every` seconds on average, in the order of their beginnings."""
    faults: list[Fault] = []
    at = chance.uniform(4, 8)
    while at < seconds:
        kind = chance.choices(KINDS, list(_SHARES.values()))[0]
        faults += _of_kind(chance, kind, at, chance.choice(workers), stops)
        at += chance.expovariate(1 / every)
    return sorted(faults, key=lambda fault: fault.at)


def _of_kind(chance: Random, kind: str, at: float, worker: str, stops: tuple[float, float]) -> list[Fault]:
    if kind == WORKER_KILLED and chance.random() < _BURST:
        moments = accumulate((chance.uniform(0.2, 4) for _ in range(chance.randint(2, 5))), initial=at)
        return [Fault(moment, kind, 0.0, worker) for moment in moments]
    if kind == WORKER_KILLED:
        return [Fault(at, kind, chance.uniform(0, 15), worker)]
    if kind == WORKER_STOPPED:
        return [Fault(at, kind, chance.uniform(*stops), worker)]
    if kind == WORKER_ENDED:
        return [Fault(at, kind, chance.uniform(0, 8), worker)]
    if kind == BROKER_KILLED_UNDER_A_STOPPED_WORKER:
        lapse, resume = chance.uniform(*LAPSE_SECONDS), chance.uniform(-1, 12)
        return [Fault(at, kind, chance.uniform(1, 5), worker, lapse, resume)]
    return [Fault(at, kind, chance.uniform(0, 20 if kind == TABLES_KILLED else 8))]
