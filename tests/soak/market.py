"""One market of a soak: a cluster of its own, faults while it streams, then calm; and what it shows in the end."""

from __future__ import annotations

import heapq
import itertools
import json
import os
import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from random import Random

from suyuan.streams.consumer_group import GROUP
from suyuan.streams.topology import READ_TOPICS
from tests import prepared
from tests.brokers import Broker
from tests.cluster.kafka_cluster import COMMAND, SESSION_SECONDS, KafkaCluster
from tests.cluster.tables import Tables
from tests.sinks.front_process import FrontProcess
from tests.soak import expected, forgotten_transactions, plan
from tests.soak.events import draw_script
from tests.soak.findings import findings
from tests.soak.guard import Guard
from tests.soak.progress import Progress
from tests.soak.publishers import Publishers
from tests.soak.supervised import End, Failed, Supervised
from tests.streams.results import current_chains

TICK_SECONDS = 0.05
RESTARTS = 3
"""tries"""
BETWEEN_RESTARTS_SECONDS = 8.0
FORGOTTEN_SECONDS = 40.0
"""much longer than a publisher's transaction may be open"""


@dataclass(frozen=True, slots=True)
class Size:
    """`simulated`, `dense`: see `draw_script`. `every`: seconds between two faults, on average. `patience`: seconds of
    no progress, while nothing hinders it, after which a cluster is taken for one that stands still.
    """

    simulated: int
    dense: int
    seconds: float
    every: float
    partitions: int
    workers: int = 3
    stops: tuple[float, float] = plan.STOP_SECONDS
    transactions: bool = True
    patience: float = 180.0


def draw_size(seed, *, transactions=True):
    """Faults for one and a half to three and a half minutes, and as long as the last ones last."""
    chance = Random(f"size of {seed}")
    return Size(
        simulated=chance.randrange(3_000, 14_000),
        dense=chance.randrange(4, 14),
        seconds=chance.uniform(90, 200),
        every=chance.uniform(6, 14),
        partitions=chance.choice((3, 4)),
        transactions=transactions,
    )


class Market:
    """`run` returns what it showed, as plain values; `right` says whether all was as it must be.

    All that it starts has ended by then, or by the end of an exception. `folder` is made; it is removed when all was
    right or the run was broken off, else logs, states and the broker's files stay there. `at_rest`: is called with
    what `findings` takes, while all of that is still there.
    """

    def __init__(self, seed, size, folder, say=print, *, faults=None, at_rest=None):
        self.seed = seed
        self.size = size
        self.folder = folder
        self._say = say
        self._at_rest = at_rest
        self._names = tuple("abcdefgh"[: size.workers])
        drawn = draw_faults(seed, size, self._names) if faults is None else faults
        self.faults = drawn
        self._happened = []
        self._timers = []
        self._order = itertools.count()
        self._timers_lock = threading.Lock()
        self._ended_transactions = []
        self._broker_away = False
        self._settled = 0.0

    def run(self):
        self.folder.mkdir(parents=True)
        try:
            found = self._run_with_broker()
        except (KeyboardInterrupt, SystemExit):
            shutil.rmtree(self.folder)
            raise
        if is_right(found):
            shutil.rmtree(self.folder)
        else:
            found["kept in"] = str(self.folder)
            self._keep(found)
        return found

    def _run_with_broker(self):
        with ExitStack() as stack:
            self._stack = stack
            self._guard = stack.enter_context(Guard())
            self._broker = stack.enter_context(Broker.start(self.folder / "broker"))
            self._broker.keep = True
            return self._run()

    # --- its course

    def _run(self):
        size, stack = self.size, self._stack
        bursts = [fault.at - 0.3 for fault in self.faults if fault.at > 0.3]
        bursts += [fault.at + fault.lapse - 0.3 for fault in self.faults if fault.lapse]
        script = draw_script(
            self.seed,
            size.simulated,
            size.dense,
            size.seconds,
            bursts,
            size.workers,
            transactions=size.transactions,
        )
        undisturbed = self._guard.watch(expected.begin(script.all_events, self.folder / "expected"))
        stack.callback(_end_at_once, undisturbed)
        self._cluster = KafkaCluster(self._broker.connection, self.folder, size.partitions)
        self._cluster.log_mode = "a"
        self._front = FrontProcess(self.folder / "clickhouse")
        self._tables = Tables(self._front, self.folder)
        chance = Random(f"restarts of {self.seed}")
        self._workers = {
            name: Supervised(
                name, lambda name=name: self._begin_worker(name), lambda name=name: self._cluster.said(name), chance
            )
            for name in self._names
        }
        self._loader = Supervised("loader", self._begin_loader, lambda: self._log("loader"), chance)
        self._clickhouse = Supervised("clickhouse", self._begin_front, lambda: "", chance)
        self._all = [*self._workers.values(), self._loader, self._clickhouse]
        for each in self._all:
            stack.callback(each.end_at_once)
        self._clickhouse.start()
        self._loader.start()
        for worker in self._workers.values():
            worker.start()
        self._brokers = ThreadPoolExecutor(1)
        stack.callback(self._brokers.shutdown, cancel_futures=True)
        self._broker_work = []
        publishers = Publishers(self._broker.connection, size.partitions)
        stack.callback(publishers.give_up)

        self._began = time.monotonic()
        self._progress = Progress(self._broker.connection, GROUP, READ_TOPICS, self._began, self._nothing_works)
        self._progress.start()
        stack.callback(self._progress.end)
        publishers.begin(script.slices, self._began)
        for fault in self.faults:
            self._at(fault.at, lambda fault=fault: self._do(fault))
        reasons, in_turn = [], {}
        try:
            self._wait(
                lambda: not self._timers and not self._hindered() and publishers.done, "the faults are over", None
            )
            self._drain("drained")
            for name, touches in zip(self._names, script.touches, strict=True):
                in_turn[name] = self._work_alone(name, touches)
        except Failed as failed:
            reasons.append(str(failed))
        streamed = self._moment
        self._progress.end()
        self._tell("comparing")
        reasons += self._end_all()
        if self._progress.stalls.longest.seconds > size.patience:
            reasons.append(f"a partition stood still for {self._progress.stalls.longest.seconds:.0f} s")
        wanted = expected.read(undisturbed, self.folder / "expected")
        at_rest = self._cluster, self._tables, script.all_events, wanted, in_turn
        found = findings(*at_rest)
        if self._at_rest is not None:
            self._at_rest(*at_rest)
        return {
            "seed": self.seed,
            "seconds": round(streamed),
            "size": asdict(size),
            "events": len(script.all_events),
            "messages": publishers.sent + sum(map(len, script.touches)),
            "transactions": publishers.transactions,
            "messages taken back": publishers.taken_back,
            "transactions that the broker forgot": len(self._ended_transactions),
            **found,
            "reasons": [*reasons, *found["reasons"]],
            "faults": dict(sorted(Counter(fault.kind for _, fault in self._happened).items())),
            "moments": [f"{moment} s: {fault}" for moment, fault in self._happened],
            "ended by themselves": self._ends(),
            "longest time without progress": self._longest_stall(),
        }

    def _drain(self, what):
        sent = self._moment

        def drained():
            self._end_forgotten_transactions()
            return self._progress.drained(sent)

        self._wait(drained, what, self.size.patience)
        self._tell(what)

    def _end_forgotten_transactions(self):
        """As `suyuan doctor` advises; and sent again, since its publisher may have been told that it was committed."""
        for (at, first_offset), since in list(self._progress.hidden.items()):
            if self._moment > since + FORGOTTEN_SECONDS and (at, first_offset) not in self._ended_transactions:
                self._ended_transactions.append((at, first_offset))
                forgotten_transactions.end(self._broker.connection, at, first_offset)
                self._tell(f"{at.topic}-{at.partition}: a transaction that the broker forgot is ended")

    def _work_alone(self, name, touches):
        """The chains, once one worker alone has seen every listing again: each worker's own state is asked, from the
        disk, since what it had cached may hide what is not there.
        """
        for worker in self._workers.values():
            worker.begin_to_end()
        reasons = self._end(self._workers.values())
        if reasons:
            raise Failed("; ".join(reasons))
        self._workers[name].start()
        self._tell(f"calm: {name} alone, {len(touches)} listings again")
        for first in range(0, len(touches), 500):
            self._cluster.publish_events(touches[first : first + 500])
            self._tick()
        self._drain("drained")
        return current_chains(self._cluster)

    def _wait(self, holds, what, patience):
        """Failed when nothing moves for so long."""
        since, done = time.monotonic(), -1
        while not holds():
            self._tick()
            time.sleep(TICK_SECONDS)
            if self._progress.done != done:
                since, done = time.monotonic(), self._progress.done
            if patience is not None and time.monotonic() > since + patience:
                raise Failed(f"not {what}: nothing moved for {patience:.0f} s, {self._progress.stalls.now}")

    def _tick(self):
        while (action := self._due()) is not None:
            action()
        for each in self._all:
            excused = self._broker_away or time.monotonic() < self._settled + 30
            if (end := each.check(self._moment, self._progress.done, excused=excused)) is not None:
                self._tell(f"{end.name} ended by itself with {end.status}: {end.said}")
        for work in self._broker_work:
            if work.done():
                work.result()
        self._broker_work = [work for work in self._broker_work if not work.done()]

    # --- faults

    def _do(self, fault):
        done = getattr(self, "_" + fault.kind.lower().replace(" ", "_"))(fault)
        if done and fault.worker:
            fault = replace(fault, worker=done)
        self._tell(f"{fault}" if done else f"left out, nobody there for it: {fault}")
        if done:
            self._happened.append((round(self._moment, 1), fault))

    def _one(self, fault, *, standing=False):
        """The worker that it is for, or the next one that works; with `standing` one that stands still will do."""
        first = self._names.index(fault.worker)
        for name in (*self._names[first:], *self._names[:first]):
            worker = self._workers[name]
            if worker.works or (standing and worker.runs):
                return worker
        return None

    def _worker_killed(self, fault):
        if (worker := self._one(fault, standing=True)) is None:
            return None
        worker.kill(fault.seconds)
        return worker.name

    def _worker_stopped(self, fault):
        if (worker := self._one(fault)) is None:
            return None
        self._at(self._moment + fault.seconds, self._stopped(worker))
        return worker.name

    def _worker_ended(self, fault):
        if (worker := self._one(fault)) is None:
            return None
        worker.tell_to_end(fault.seconds)
        return worker.name

    def _stopped(self, worker):
        """Stopped now; the function lets it go on, unless it has died meanwhile."""
        worker.stop()
        process = worker.process

        def let_go():
            if worker.process is process:
                worker.go_on()
                self._tell(f"{worker.name} goes on")

        return let_go

    def _broker_killed(self, fault):
        return self._restart_broker(self._broker.kill, fault)

    def _broker_ended(self, fault):
        return self._restart_broker(self._broker.stop, fault)

    def _broker_killed_under_a_stopped_worker(self, fault):
        if (worker := self._one(fault)) is None:
            return None
        let_go = self._stopped(worker)

        def killed():
            self._at(self._moment + max(0.0, fault.seconds + fault.resume), let_go)

        def kill():
            if self._restart_broker(self._broker.kill, fault, killed) is None:
                self._tell("the broker has hardly come back, and is left alone")
                stopped = replace(fault, kind=plan.WORKER_STOPPED, seconds=fault.lapse + fault.seconds, lapse=0.0)
                self._happened = [
                    (moment, replace(stopped, worker=each.worker) if each.at == fault.at else each)
                    for moment, each in self._happened
                ]
                killed()

        self._at(self._moment + fault.lapse, kill)
        return worker.name

    def _restart_broker(self, end, fault, ended=lambda: None):
        """Not one that has hardly come back: nothing would be in work."""
        if self._broker_work or time.monotonic() < self._settled + BETWEEN_RESTARTS_SECONDS:
            return None

        def work():
            self._broker_away = True
            self._tell("the broker ends")
            end()
            ended()
            time.sleep(fault.seconds)
            self._start_broker_again()
            self._settled = time.monotonic()
            self._broker_away = False
            self._tell("the broker answers again")

        self._broker_work.append(self._brokers.submit(work))
        return "broker"

    def _start_broker_again(self):
        for _ in range(RESTARTS):
            try:
                self._broker.restart()
            except AssertionError as error:  # too slow, on a machine that does much else
                self._tell(f"the broker does not come up: {error}")
            else:
                return
        raise Failed("the broker does not come up")

    def _loader_killed(self, fault):
        if not self._loader.runs:
            return None
        self._loader.kill(fault.seconds)
        return "loader"

    def _clickhouse_killed(self, fault):
        if not self._clickhouse.runs:
            return None
        self._clickhouse.kill(fault.seconds)
        return "clickhouse"

    def _hindered(self):
        return bool(self._broker_work) or any(each.stands_still for each in self._all)

    def _nothing_works(self):
        return self._broker_away or not any(worker.works for worker in self._workers.values())

    # --- time

    @property
    def _moment(self):
        """Seconds of the market."""
        return time.monotonic() - self._began

    def _at(self, moment, action):
        with self._timers_lock:
            heapq.heappush(self._timers, (moment, next(self._order), action))

    def _due(self):
        with self._timers_lock:
            if self._timers and self._timers[0][0] <= self._moment:
                return heapq.heappop(self._timers)[2]
        return None

    def _tell(self, what):
        self._say(f"  {self._moment:6.1f} s  {what}")

    # --- processes

    def _begin_worker(self, name):
        return self._guard.watch(self._cluster.begin_worker(name))

    def _begin_front(self):
        self._front.start()
        return self._guard.watch(self._front.process)

    def _begin_loader(self):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")},
            "SUYUAN_KAFKA": ",".join(self._broker.connection.servers),
            "SUYUAN_KAFKA_SESSION_SECONDS": SESSION_SECONDS,
            "SUYUAN_CLICKHOUSE": f"127.0.0.1:{self._front.port}",
            "SUYUAN_CLICKHOUSE_DATABASE": self._tables.database,
        }
        with (self.folder / "loader.log").open("ab") as log:
            process = prepared.Popen(
                [*COMMAND, "loader"], env=environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        return self._guard.watch(process)

    def _log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-8000:]

    def _end_all(self):
        """What did not end well. ClickHouse runs on, for the comparison."""
        reasons = self._end([*self._workers.values(), self._loader])
        if not self._clickhouse.runs:
            self._clickhouse.start()
        return reasons

    def _end(self, some):
        reasons = []
        for each in some:
            try:
                status = each.end()
            except Failed as failed:
                reasons.append(str(failed))
            else:
                if status not in {0, None, -15}:  # it may just have lost its lease
                    each.ends.append(End(self._moment, each.name, status, f"told to end; {each.last_line()}"))
        return reasons

    # --- what it showed

    def _ends(self):
        """How often, by who and how."""
        ends = Counter(
            (end.name if end.name in {"loader", "clickhouse"} else "worker", end.status, _without_numbers(end.said))
            for each in self._all
            for end in each.ends
        )
        return [
            {"who": who, "status": status, "last line": said, "times": times}
            for (who, status, said), times in sorted(ends.items(), key=lambda pair: -pair[1])
        ]

    def _longest_stall(self):
        stall = self._progress.stalls.longest
        before = [f"{moment} s: {fault}" for moment, fault in self._happened if moment <= stall.at + 1]
        after = before[-1] if before else None
        return {"seconds": round(stall.seconds, 1), "partition": stall.partition, "at": round(stall.at), "after": after}

    def _keep(self, found):
        text = json.dumps(found | {"planned": [asdict(each) for each in self.faults]}, indent=1, ensure_ascii=False)
        (self.folder / "found.json").write_text(text + "\n", encoding="utf-8")


def is_right(found):
    figures = ("wrong chains", "wrong alerts", "gap", "duplicates")
    return not any(found[name] for name in figures) and not found["reasons"]


def draw_faults(seed, size, names):
    return plan.draw_faults(Random(f"faults of {seed}"), size.seconds, size.every, names, size.stops)


def _without_numbers(line):
    """So that lines that say the same count together."""
    return "".join("#" if c.isdigit() else c for c in line).replace("##", "#").replace("##", "#").replace("##", "#")


def _end_at_once(process):
    if process.poll() is None:
        process.kill()
        process.wait()
