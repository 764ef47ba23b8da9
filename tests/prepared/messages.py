"""What is said over the socket: JSON, a message each."""

from __future__ import annotations

MOST_BYTES = 1 << 20
