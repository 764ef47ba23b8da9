"""Waiting for the first of several things to happen."""

from __future__ import annotations

import asyncio
from typing import Any


async def first_of(*works: Any) -> None:
    """Wait until one of them is done; the others are cancelled, and have ended when it returns, also where it is
    cancelled itself. Raises what one of them raised.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # of all of them: asyncio complains, with a traceback, of an error that nobody looked at
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
            raise error
