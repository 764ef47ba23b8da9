"""What is said of the system itself, into its log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import polars as pl

from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.keys import Identities


def append_control(
    open_outlet: Callable[[], AbstractContextManager[Outlet]], name: str, key: str, value: bytes
) -> None:
    """Append one message to the topic `in.<name>` of `schemas.topics.CONTROLS`; durable on return. `open_outlet`: of a
    deployment. Raises SuyuanError.
    """
    with open_outlet() as outlet:
        put_control(outlet, name, key, value)


def put_control(outlet: Outlet, name: str, key: str, value: bytes) -> None:
    """The same, where the log is open."""
    digest = hashlib.sha256(value)
    named = Identities(name, [key.encode()], [digest.digest()[:16]], [digest.hexdigest()[:16]], pl.DataFrame())
    taken = outlet.append(named, [value]).result()
    if taken.failure is not None:
        raise taken.failure
