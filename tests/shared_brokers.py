"""Brokers that the tests of several files share, one of each kind in a process of tests, as long as somebody does."""

from __future__ import annotations

from contextlib import ExitStack

SHARED_BROKERS = ("kafka", "portal_broker", "publishing_broker")
"""the fixtures that give them"""


class SharedBrokers:
    """By the fixture that gives them. A broker that nobody asks takes 3 % of a core all the same: each is ended behind
    the last of its users, and who comes after all has another one started.
    """

    def __init__(self):
        self._users = {name: set() for name in SHARED_BROKERS}
        self._running = {}

    def know(self, items):
        """Tests that are to be run: whose files ask for which."""
        for item in items:
            for name in self._users.keys() & item.fixturenames:
                self._users[name].add(item.path)

    def get(self, name, start):
        """The broker that runs; one is started, by a context manager, where none does."""
        if name not in self._running:
            stack = ExitStack()
            self._running[name] = stack, stack.enter_context(start())
        return self._running[name][1]

    def end_unused(self, path):
        """Before the tests of a file; None: none follow."""
        for name in [name for name in self._running if path not in self._users[name]]:
            self._running.pop(name)[0].close()


def shared_broker(item):
    """By which fixture a test has such a broker; None: it has none, or its own."""
    return next((name for name in SHARED_BROKERS if name in item.fixturenames), None)
