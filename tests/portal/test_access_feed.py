"""Who has access is kept up with the log, whatever becomes of the log."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from random import Random

import pytest

from suyuan.access.events import KeyGranted, LinkMade, Revoked, encode_access
from suyuan.access.grants import Refused
from suyuan.access.keys import digest, new_key
from suyuan.access.principal import Role
from suyuan.connections.log_errors import MessagesLost
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.tail import Messages
from suyuan.portal import access_feed, control_feed
from suyuan.portal.access_feed import AccessFeed
from suyuan.portal.problems import Problem

KEYS = [new_key(Random(seed).randbytes) for seed in range(3)]
GRANTED = [
    KeyGranted(key.id, digest(key.secret), Role.INVESTIGATOR, "x", 1, 1_000, "command", division="") for key in KEYS
]


class Log:
    """What a tail gives: values of one partition, or an error where one is set."""

    def __init__(self):
        self.values, self.error, self.opened = [], None, []

    def say(self, *events):
        self.values += [event if isinstance(event, bytes) else encode_access(event) for event in events]

    @asynccontextmanager
    async def tail(self, _, first_offsets):
        log, first = self, first_offsets.get(("in.access", 0), 0)
        self.opened.append(first)

        class Tail:
            def __init__(self):
                self.next_offsets = {("in.access", 0): first}

            async def listen(self, _):
                return False

            async def read(self):
                if log.error is not None:
                    raise log.error
                at = self.next_offsets["in.access", 0]
                found = log.values[at:]
                self.next_offsets = {("in.access", 0): at + len(found)}
                return [Messages("in.access", 0, range(at, at + len(found)), found)] if found else []

        yield Tail()


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(AccessFeed, "look_seconds", 0.0)
    monkeypatch.setattr(control_feed, "AGAIN_SECONDS", 0.0)


def playing(scenario, error=None):
    async def play():
        log = Log()
        log.error = error
        feed = AccessFeed(log, lambda: 0.0)
        feed.start()
        try:
            await asyncio.wait_for(scenario(log, feed), 30)
        finally:
            await feed.stop()

    asyncio.run(play())


async def until(met):
    while not met():  # noqa: ASYNC110 -- what is waited for are turns of the loop
        await asyncio.sleep(0)


async def is_good(feed, key):
    try:
        (await feed.grants()).by_key(str(key), 10)
    except Refused:
        return False
    return True


def test_what_is_unreadable_is_told_with_its_place_and_the_rest_counts(caplog):
    async def scenario(log, feed):
        log.say(GRANTED[0], b"nonsense", GRANTED[1])
        await until(lambda: "offset 1" in caplog.text)
        assert await is_good(feed, KEYS[1])

    playing(scenario)


@pytest.mark.parametrize("error", [SuyuanError("away", ErrorKind.UNAVAILABLE), ValueError("of nobody's")])
def test_while_the_log_is_away_what_is_known_stays_and_then_it_goes_on_behind_it(error, caplog):
    async def scenario(log, feed):
        log.say(GRANTED[0])
        assert await is_good(feed, KEYS[0])
        log.error = error
        await until(lambda: feed.trouble)
        assert await is_good(feed, KEYS[0])
        log.say(Revoked(KEYS[0].id, 1, "x"))
        log.error = None
        await until(lambda: not feed.trouble)
        assert not await is_good(feed, KEYS[0])
        assert set(log.opened) == {0, 1}

    with caplog.at_level(logging.WARNING):
        playing(scenario)
    assert "who has access is not read further" in caplog.text


def test_nobody_who_had_access_to_another_log_has_it_to_this_one():
    async def scenario(log, feed):
        log.say(GRANTED[0], GRANTED[1])
        assert await is_good(feed, KEYS[0])
        log.error = MessagesLost("another log")
        log.values = []
        await until(lambda: len(log.opened) > 1)
        log.say(GRANTED[2])
        log.error = None
        assert not await is_good(feed, KEYS[0])
        await until(lambda: not feed.trouble)
        assert await is_good(feed, KEYS[2])

    playing(scenario)


def test_nobody_is_let_in_before_the_log_was_read(monkeypatch):
    monkeypatch.setattr(access_feed, "PATIENCE_SECONDS", 0.01)

    async def scenario(_, feed):
        with pytest.raises(Problem) as refused:
            await feed.grants()
        assert (refused.value.status, "Retry-After" in refused.value.headers) == (503, True)

    playing(scenario, SuyuanError("away", ErrorKind.UNAVAILABLE))


def test_a_link_whose_use_is_not_read_back_lets_nobody_in(monkeypatch):
    monkeypatch.setattr(access_feed, "PATIENCE_SECONDS", 0.05)
    key = new_key(Random(9).randbytes)
    made = LinkMade(key.id, digest(key.secret), Role.INVESTIGATOR, "x", 1, 1_000, "command", division="")

    async def scenario(log, feed):
        async def append(event):
            log.later.append(event)

        log.later, log.append_access = [], append
        log.say(made)
        await until(lambda: feed.known is not None and feed.known.has(key.id))
        with pytest.raises(Problem) as refused:
            await feed.use_link(str(key), 10)
        assert refused.value.status == 503
        log.say(*log.later)
        await until(lambda: feed.known.used_by(key.id) is not None)
        with pytest.raises(Refused):
            await feed.use_link(str(key), 10)

    playing(scenario)
