"""Waiting for the first of several things to happen."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def first_of(*works: Any) -> None:
    """Wait until one of them is done; the others are cancelled. Raises what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    # of all of them: asyncio complains of what nobody looked at
    errors = [error for task in done if (error := task.exception()) is not None]
    if errors:
        raise errors[0]
