"""Who shows how desks compare with their alert budget, in each shape."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY

from suyuan.queries.metrics import forget_desks
from suyuan.runtime import desk_figures
from suyuan.runtime.cluster import loader_monitor
from suyuan.runtime.embedded import system
from suyuan.runtime.settings import Settings

PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """The first question to the tables comes at once."""
    monkeypatch.setattr(desk_figures, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(loader_monitor, "WATCH_SECONDS", 0.01)
    forget_desks()


def shown():
    return REGISTRY.get_sample_value("suyuan_desks", {"state": "over"})


def test_a_running_system_shows_them_with_the_budget_of_its_settings(tmp_path):
    async def course():
        run = system.EmbeddedRun(Settings(data=tmp_path, partitions=1, fsync=False, alert_budget=7))
        await run.start()
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while shown() is None:
                assert time.monotonic() < until
                await asyncio.sleep(0.05)
        finally:
            await run.stop()

    asyncio.run(course())
    assert (shown(), REGISTRY.get_sample_value("suyuan_alert_budget")) == (0, 7)


def test_of_many_loaders_the_one_that_verifies_shows_them_and_one_that_did_shows_them_no_more():
    loader = SimpleNamespace(owned=set(), log=None, group="loader", lag=dict)
    monitor = loader_monitor.LoaderMonitor(loader, None, None, budget=7)
    did = {"look": threading.Event(), "leave": threading.Event()}
    monitor._desks = SimpleNamespace(**{name: event.set for name, event in did.items()})
    monitor.start()
    try:
        assert did["leave"].wait(PATIENCE_SECONDS)
        assert not did["look"].is_set()
        loader.owned = {loader_monitor.VERIFIER}
        assert did["look"].wait(PATIENCE_SECONDS)
        loader.owned = set()
        did["leave"].clear()
        assert did["leave"].wait(PATIENCE_SECONDS)
    finally:
        monitor.stop()
