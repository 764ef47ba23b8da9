"""What is said of the system itself, into its log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from suyuan.publishing.files.batches import Outlet
from suyuan.publishing.files.tally import Tally


def append_control(
    open_outlet: Callable[[Tally], AbstractContextManager[Outlet]], name: str, key: str, value: bytes
) -> None:
    """Append one message to the topic `in.<name>` of `schemas.topics.CONTROLS`; durable on return. `open_outlet`: of a
    deployment. Raises SuyuanError.
    """
    with open_outlet(Tally()) as outlet:
        outlet.append(name, [key.encode()], [value], [hashlib.sha256(value).digest()[:16]])
        outlet.finish()
