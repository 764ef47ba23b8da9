from __future__ import annotations

from tests.cluster.conftest import front, make_cluster, tables

__all__ = ["front", "make_cluster", "tables"]
