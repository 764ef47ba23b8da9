"""Links by which somebody's browser gets a session with the portal, once."""

from __future__ import annotations

import secrets
import time

from suyuan.operations.access import OpenOutlet, Wanted, append_access, link_made
from suyuan.runtime.portal_address import portal_address
from suyuan.runtime.settings import Settings


def entry_link(settings: Settings, open_outlet: OpenOutlet, wanted: Wanted, by: str) -> str:
    """The token is in the fragment: no server is sent it unasked, and no log has it. Raises SuyuanError."""
    key, made = link_made(wanted, by, time.time_ns() // 1_000_000, secrets.token_bytes)
    append_access(open_outlet, made)
    return f"{portal_address(settings)}/enter#{key}"
