"""Whose state is made anew."""

from __future__ import annotations

from suyuan.operations.topics.spec import changelog
from suyuan.streams.topology import TOPOLOGY

CHANGELOGS = tuple(changelog(stage.name) for stage in TOPOLOGY if not stage.remembers)
