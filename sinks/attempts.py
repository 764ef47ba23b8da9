"""Writes one batch into its sink: again and again while what hinders it may pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from suyuan.sinks.batches import Batch
from suyuan.sinks.errors import LoaderError, is_transient
from suyuan.sinks.sink import Sink


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits of first, 2 x first, ... up to `longest` seconds, each multiplied by a random factor of 0.5 to 1."""

    first: float = 0.1
    longest: float = 30.0

    def seconds(self, attempt: int, chance: Random) -> float:
        """Seconds to wait after `attempt` failed attempts (1, 2, ...)."""
        return min(self.longest, self.first * 2.0 ** min(attempt - 1, 30)) * chance.uniform(0.5, 1)


class Attempts:
    """Repeats writes. `pause(seconds)` waits and returns whether to go on; `on_retry(batch, error, attempt)` is called
    for each failure.
    """

    def __init__(
        self,
        sink: Sink,
        pause: Callable[[float], bool],
        back_off: BackOff | None = None,
        on_retry: Callable[[Batch, Exception, int], None] | None = None,
        chance: Random | None = None,
    ) -> None:
        self._sink = sink
        self._pause = pause
        self._back_off = back_off or BackOff()
        self._on_retry = on_retry
        self._chance = chance or Random()  # noqa: S311 - spreads retries, keeps no secret

    def write(self, batch: Batch) -> bool:
        """Write a batch; True when its rows are in, False when told to stop before. Raises LoaderError for what no
        repeat can mend.
        """
        attempt = 0
        while True:
            try:
                self._sink.write(replace(batch, repeated=True) if attempt else batch)
            except LoaderError:
                raise
            except Exception as error:  # judged by is_transient; nothing is acknowledged either way
                attempt += 1
                if not is_transient(error):
                    raise LoaderError(f"{batch.target.name}, {batch.token}: {error}") from error
                if self._on_retry is not None:
                    self._on_retry(batch, error, attempt)
                if not self._pause(self._back_off.seconds(attempt, self._chance)):
                    return False
            else:
                return True
