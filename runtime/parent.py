"""The end of whoever started this process: standard input is a pipe of theirs, and ends with them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable


def when_parent_ends(then: Callable[[], None]) -> None:
    """Have `then` called, in a thread of its own."""

    def wait() -> None:
        while sys.stdin.buffer.read(1 << 10):
            pass
        then()

    threading.Thread(target=wait, name="suyuan-parent", daemon=True).start()
