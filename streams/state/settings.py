"""Settings of keyed state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Cache sizes and deadlines. The defaults keep the three stages of four partitions below 400 MiB."""

    cache_entries: int = 50_000
    """hot pairs kept per partition"""
    cache_bytes: int = 8 << 20
    """and their bytes"""
    cached_prefixes: tuple[bytes, ...] = ()
    """of keys that are read soon after they are written, and so are kept at once"""
    recovery_deadline: float = 120.0
    """seconds without a changelog record applied, after which a recovery that is not complete stops the process"""
    rebuild_corrupt: bool = False
    """set a damaged folder aside and rebuild it from the changelog even where one was set aside before"""
