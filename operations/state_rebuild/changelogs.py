"""Whose state is made anew."""

from __future__ import annotations

from suyuan.operations.topics.spec import changelog
from suyuan.streams.topology import TOPOLOGY

REMEMBERING = {"risk"}
"""what was said to people stays said: it follows from the inputs and from when they came, which no reading again
brings back
"""
CHANGELOGS = tuple(changelog(stage.name) for stage in TOPOLOGY if stage.name not in REMEMBERING)
