"""State of an alerting partition.

| key                                 | value                                                                    |
|-------------------------------------|--------------------------------------------------------------------------|
| member, alert, finding              | `Member`: the finding as it was told last                                |
| offer, alert, age, finding          | JSON of a standing finding's row: what an alert shows of it              |
| basis, alert, basis                 | how many of its standing findings rest on it                             |
| desk, alert                         | `Desk`: the alert                                                        |
| act, alert, publisher, event id     | the act, as the body of its record                                       |
| unsettled, alert                    | round in which it changed last, since it was published                   |
| round                               | `Round`                                                                  |
| settled, topic                      | what the last block of alerting.backlog published: see `settling.py`     |

Parts of keys are joined by U+001F, values are JSON. `age` orders the newest offer first.
"""

from __future__ import annotations

import msgspec

from suyuan.domain.keys import SEPARATOR

OFFER = f"offer{SEPARATOR}"
UNSETTLED = f"unsettled{SEPARATOR}".encode()
ROUND = b"round"
_OLDEST = 10**13 - 1


class Member(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A finding as it was told last; `listed_at`: None where it does not stand."""

    sequence: int
    listed_at: int | None
    severity: str
    basis: str
    platform: str


class Told(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An alert as it was published last. `step`: of how many listings, as a step of the ladder; `handling`: how it is
    dealt with, and by which act; `content`: digest of all that was said; `platforms`: those that it covered when it
    stood last, who are to hear of it when it is cleared; `left`: those that it named beside, with no listings.
    """

    stands: bool
    severity: str
    basis: str
    step: int
    handling: str
    bureau: str = ""
    content: str = ""
    platforms: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def says(self, now: Told) -> bool:
        """Whether all that is said at once where it changes is as it is `now`."""
        return (self.stands, self.severity, self.basis, self.step, self.handling) == (
            *(now.stands, now.severity, now.basis, now.step, now.handling),
        )


class Desk(msgspec.Struct, array_like=True):
    """An alert: its standing findings counted by severity and by platform. `bases`, `basis_sum`: how many different
    ones they rest on, and the sum of these; `newest`: age and id of the offer that is shown; `face`: the row of the
    last one, of an alert that was cleared; `acts`: how many there are; `touched_at`: when the log took what changed it
    last; `raised_at`, `sequence`, `change`, `cause`: of the row that was published last, and the block that had it
    published.
    """

    severities: dict[str, int] = {}
    platforms: dict[str, int] = {}
    bases: int = 0
    basis_sum: int = 0
    newest: str = ""
    face: str = ""
    acts: int = 0
    touched_at: int = 0
    raised_at: int = 0
    sequence: int = 0
    change: str = ""
    cause: str = ""
    told: Told | None = None

    @property
    def listings(self) -> int:
        """How many findings stand."""
        return sum(self.severities.values())

    @property
    def basis(self) -> str:
        """What its findings rest on, all together: that of the only one, else the sum. Empty where none stands."""
        return f"{self.basis_sum:016x}" if self.bases else ""


class Round(msgspec.Struct, array_like=True, frozen=True):
    """`number`: of the round of settling that is to come; `asked`: topic:offset of the block that asked for it, empty:
    nobody did.
    """

    number: int = 0
    asked: str = ""


def member_key(alert: str, finding: str) -> bytes:
    """State key of a finding."""
    return f"member{SEPARATOR}{alert}{SEPARATOR}{finding}".encode()


def age_of(listed_at: int, finding: str) -> str:
    """Age and id of an offer, as they stand in its key."""
    return f"{_OLDEST - listed_at:013}{SEPARATOR}{finding}"


def offers_of(alert: str) -> bytes:
    """What the state keys of an alert's offers begin with."""
    return f"{OFFER}{alert}{SEPARATOR}".encode()


def listed_at_of(newest: str) -> int | None:
    """When the offer of an age was listed; None of none."""
    return _OLDEST - int(newest.split(SEPARATOR, 1)[0]) if newest else None


def basis_key(alert: str, basis: str) -> bytes:
    """State key of a basis."""
    return f"basis{SEPARATOR}{alert}{SEPARATOR}{basis}".encode()


def desk_key(alert: str) -> bytes:
    """State key of an alert."""
    return f"desk{SEPARATOR}{alert}".encode()


def acts_of(alert: str) -> bytes:
    """What the state keys of an alert's acts begin with."""
    return f"act{SEPARATOR}{alert}{SEPARATOR}".encode()


def unsettled_key(alert: str) -> bytes:
    """State key that says that an alert is to be settled."""
    return UNSETTLED + alert.encode()


decode_member = msgspec.json.Decoder(Member).decode
decode_desk = msgspec.json.Decoder(Desk).decode
decode_round = msgspec.json.Decoder(Round).decode
encode = msgspec.json.Encoder().encode
