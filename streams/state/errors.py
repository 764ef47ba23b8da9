"""What can be wrong with a partition's state. Every message says which folder and what to do."""

from __future__ import annotations

from suyuan.errors import ErrorKind, SuyuanError


class StateError(SuyuanError):
    """Base of all below; the state on disk is as the last successful commit left it."""


class StateLockedError(StateError):
    """Another process has the folder open."""

    kind = ErrorKind.UNAVAILABLE


class StateCorruptError(StateError):
    """The files do not hold what was written; the changelog does, so the state can be rebuilt."""


class StateVersionError(StateError):
    """The state was written by a newer version of this software."""

    kind = ErrorKind.CONFIGURATION


class StateUnwritableError(StateError):
    """The disk refuses a write (full, read-only, input/output error); the same commit may be tried again."""


class StateClosedError(StateError):
    """The partition was taken away while its state was in use; drop the work, its new owner repeats it."""


class StateConflictError(StateError):
    """A view was committed that does not rest on the present state: the runner has a fault."""


class StateBehindError(StateError):
    """Another process wrote to the changelog what this state does not have; nothing was stored. A restart reads it."""


class StateDivergedError(StateError):
    """The state does not come from its changelog: it lacks what other owners wrote. It is to be rebuilt."""


class RecoveryStalledError(StateError):
    """Recovery made no progress for as long as the deadline allows."""


class ChangelogUnreadableError(StateError):
    """The changelog has a record that nobody could write as a part of the state; without it the state is not whole."""
