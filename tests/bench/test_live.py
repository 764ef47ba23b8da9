"""The bench of live alerts, with small sizes: it measures what it says, and counts what is missing or told twice."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests import prepared

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "--codes=50 --listings=200 --published=20 --publish-seconds=1 --idle-seconds=0.2 --append-seconds=0.5 "
    "--streams=12 --alerts=100 --many-seconds=1 --no-fsync"
)


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT))
    try:
        import bench.live.__main__ as main  # noqa: PLC0415 - found through the path above
        from bench.live import feed, published, streams, system  # noqa: PLC0415

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(system, "Popen", prepared.Popen)
            patch.setattr(feed, "Popen", prepared.Popen)
            few = {"LINGER_SECONDS": 0, "SEND_SECONDS": 0, "QUIET_SECONDS": 0, "SETTLE_SECONDS": 0.3, "MOST_ROWS": 300}
            for name, value in few.items():
                patch.setattr(feed, name, value)
            main.feed, main.published, main.streams, main.system = feed, published, streams, system
            yield main
    finally:
        sys.path.remove(str(ROOT))


def test_a_small_one_finds_every_alert_once_beside_a_run(bench: Any, tmp_path: Path) -> None:
    options = bench.parsed(SMALL.split())
    bought = bench.market_of(options)
    bench.publish_records(tmp_path / "data", options.codes)
    with bench.serving(bench.RUN, tmp_path / "data", fsync=False) as portal:
        publish = bench.measure_published(portal, bought, options.published)
        found = bench.measured_feed(portal, options) | {"publish": publish}
    assert (publish["alerts"], publish["missing"]) == (20, 0)
    assert 0 < publish["p50_ms"] <= publish["p99_ms"] <= publish["max_ms"]
    assert publish["answer"]["p99_ms"] < publish["max_ms"]
    assert (found["append"]["missing"], found["many"]["missing"], found["many"]["twice"]) == (0, 0, 0)
    assert found["many"]["delivered"] == 11 * 100
    assert found["many"]["portal_cores"] > 0
    assert found["nobody"]["with_an_idle_stream"]["wakeups_per_second"] > 0
    assert json.loads(json.dumps(bench.median([found, found]))) == bench.median([found])
    assert "goal" in bench.summary(bench.median([found]))


def test_a_listing_that_is_waited_for_has_a_fault_and_no_other_has(bench: Any) -> None:
    made = bench.published.market(codes=50, alerts=5, sound=60, portion=20)
    named = [json.loads(body) for body in made.bodies]
    assert [each["listing_id"].encode() for each in named] == made.listing_ids
    assert {each["publisher"] for each in named} == {each["platform_code"] for each in named} == {made.platform}
    assert [len(portion.keys) for portion in made.sound] == [20, 20, 20]
    assert not {key.split(b"\x1f")[1] for portion in made.sound for key in portion.keys} & set(made.listing_ids)


def test_what_a_stream_is_told_is_counted_wherever_it_is_cut(bench: Any) -> None:
    said = (
        b'id: x\nretry: 2000\n\nevent: alert\ndata: {"alert_id":"a","sequence":1}\n\n'
        b'event: burst\ndata: {"rule":"r","alert_id":"b"}\n\nevent: alert\ndata: {"alert_id":"c"}\nid: y\n\n: \n\n'
    )
    for cut in range(1, len(said)):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            stream = bench.streams.Stream(ours)
            for start, end in pairwise((0, cut, len(said))):
                theirs.sendall(said[start:end])
                stream.take()
            assert (stream.told, stream.others, stream.ended) == ([b"a", b"c"], ["burst"], False)
            theirs.close()
            stream.take()
            assert stream.ended


def test_figures_are_those_of_the_middle_run(bench: Any) -> None:
    runs = [{"p": {"x": value}, "why": "text"} for value in (3, 1, 2.5)]
    assert bench.median(runs) == {"p": {"x": 2.5}, "why": None}
