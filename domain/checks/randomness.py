"""What nobody could know when the frame was frozen, and the seed that is made of it.

**A drand round.** The plan names the chain and the number of the round, so its moment: genesis + (round - 1) × period.
The chain's hash is of its public key, genesis, period and group, so they cannot be others. Randomness is the SHA-256 of
the round's signature. That the signature is the chain's is for whoever asks the beacon: it takes BLS12-381.

**Commit and reveal.** Each party gives the SHA-256 of check, its name and a secret of 32 bytes before the plan is
published, and the secret once the frame is frozen. With its name in it no commitment can be another's, repeated.
Randomness is the SHA-256 of all secrets in the plan's order: one party that keeps its own to itself until then is
enough. A party that does not reveal is replaced by the default that the plan has of it, and is named. Whoever reveals
last has seen the others, and can choose between two outcomes by revealing or not, in everybody's sight. Two have to
reveal, or the check is cancelled.
"""

from __future__ import annotations

import struct
from hashlib import sha256

from suyuan.domain.checks.bodies import CommitReveal, Drand, Reveals
from suyuan.domain.keys import SEPARATOR

LEAST_PARTIES = 2
_DEFAULT_BEACON = "default"


def round_time(beacon: Drand) -> int:
    """When the plan's round is due, ms UTC."""
    return (beacon.genesis + (beacon.round - 1) * beacon.period) * 1000


def chain_hash(beacon: Drand) -> str:
    """The hash of the chain that has this key, genesis, period, group and name, as drand makes it; hex."""
    name = b"" if beacon.beacon_id == _DEFAULT_BEACON else beacon.beacon_id.encode()
    head = struct.pack(">Iq", beacon.period, beacon.genesis)
    return sha256(head + bytes.fromhex(beacon.public_key) + bytes.fromhex(beacon.group_hash) + name).hexdigest()


def of_signature(signature: str) -> str:
    """The randomness of a round."""
    return sha256(bytes.fromhex(signature)).hexdigest()


def commitment(check_id: str, name: str, secret: str) -> str:
    """What a party gives in advance. `secret`: 64 digits 0-9 a-f that nobody can guess."""
    return _digest(check_id, name, secret)


def of_reveals(plan: CommitReveal, given: Reveals) -> str:
    """The randomness of what parties have revealed."""
    revealed = {each.name: each.secret for each in given.reveals}
    return _digest(*(revealed.get(party.name, party.default) for party in plan.parties))


def missing(plan: CommitReveal, given: Reveals) -> tuple[str, ...]:
    """Names of those who have not revealed."""
    revealed = {each.name for each in given.reveals}
    return tuple(party.name for party in plan.parties if party.name not in revealed)


def seed(check_id: str, root: str, randomness: str) -> str:
    """What tickets are drawn by: bound to the frame, so that no other one fits."""
    return _digest(check_id, root, randomness)


def _digest(*parts: str) -> str:
    return sha256(SEPARATOR.join(parts).encode()).hexdigest()
