"""The one outlet that all who publish share: kept while it can be used, and no longer."""

from __future__ import annotations

from contextlib import contextmanager

from suyuan.portal.ports import PATIENCE_SECONDS, Ports


class Outlet:
    def __init__(self):
        self.usable, self.closed = True, False


class Deployment:
    def __init__(self):
        self.opened = []

    @contextmanager
    def outlet(self, known, patience_seconds):
        assert callable(known)
        assert patience_seconds == PATIENCE_SECONDS
        self.opened.append(Outlet())
        yield self.opened[-1]
        self.opened[-1].closed = True


def test_an_outlet_is_kept_until_it_has_given_up_and_closed_at_the_end():
    deployment = Deployment()
    ports = Ports(deployment)
    first = ports.open_outlet()
    assert ports.open_outlet() is first
    first.usable = False
    second = ports.open_outlet()
    assert (second is first, len(deployment.opened)) == (False, 2)
    ports.close()
    assert second.closed
