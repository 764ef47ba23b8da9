"""What each act on a check says: the body of an event, as one canonical text.

| act        | says                                                                     | `after`           |
|------------|--------------------------------------------------------------------------|-------------------|
| plan       | what is drawn, from what, by which weights, who may go, which randomness |                   |
| freeze     | how many rows there are, the hash of their file, the root of their tree  | of the plan       |
| randomness | what the beacon or the parties gave                                      | of the freeze     |
| draw       | the seed, how many orders of each stratum, the hash of their file        | of the randomness |
| publish    | the files that anybody may fetch, with their hashes                      | of the draw       |
| cancel     | why nothing comes of it                                                  | of the last act   |

`after` is the SHA-256 of another act's text, so whoever has the last one can tell whether any before it was changed. A
text is JSON in UTF-8 with sorted names, without blanks, escapes other than JSON's own, and fields that say nothing;
numbers are integers. Times are ms since the epoch, UTC; hashes 64 digits 0-9 a-f.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal, get_args

import msgspec

ActName = Literal["plan", "freeze", "randomness", "draw", "publish", "cancel"]
ACTS: tuple[ActName, ...] = get_args(ActName)

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{1,40}$(?!\n)")]
Number = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,80}$(?!\n)")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Hex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2}){1,512}$(?!\n)")]
Expression = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
Decimal = Annotated[str, msgspec.Meta(pattern=r"^0\.[0-9]{64,78}$(?!\n)")]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of all that is written here."""


class Item(Body, frozen=True, kw_only=True):
    """What is looked at. `share_cap`: of 10,000 objects at most so many, of a general item; a key item has none."""

    item_no: Number
    item_class: Literal["general", "key"]
    share_cap: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None


class Stratum(Body, frozen=True, kw_only=True):
    """A part that is drawn from on its own. `stratum`: the value of the plan's column; `needs`: what each officer that
    goes there has to be qualified for.
    """

    stratum: Text
    size: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    needs: tuple[Number, ...] = ()


class Weight(Body, frozen=True, kw_only=True):
    """How many tickets a listing has of which the expression is true."""

    expression: Expression
    weight: Annotated[int, msgspec.Meta(ge=1, le=16)]


class Officer(Body, frozen=True, kw_only=True):
    """Somebody who may be drawn. `most`: orders of this check; `reserve`: only where too few others are left."""

    staff_no: Number
    unit: Text
    most: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    qualifications: tuple[Number, ...] = ()
    reserve: bool = False


class Recusal(Body, frozen=True, kw_only=True):
    """An officer who does not go where a party is concerned. The reason is of a list: it is read by everybody."""

    staff_no: Number
    code: Code
    reason: Literal["interest", "relative", "former_post", "other"]


class Drand(Body, frozen=True, kw_only=True, tag_field="kind", tag="drand"):
    """A round of a drand beacon. Of the chain its hash, and what that is the hash of; `genesis` and `period`: seconds;
    `at`: when the round is due.
    """

    chain: Hash
    public_key: Hex
    period: Annotated[int, msgspec.Meta(ge=1, le=86_400)]
    genesis: Annotated[int, msgspec.Meta(ge=1, le=2**40)]
    group_hash: Hex
    beacon_id: Code
    round: Annotated[int, msgspec.Meta(ge=1, le=2**50)]
    at: Moment


class Party(Body, frozen=True, kw_only=True):
    """One that has committed to a secret. `commitment`: see `randomness.commitment`; `default`: taken in place of the
    secret, should it not be revealed.
    """

    name: Text
    commitment: Hash
    default: Hash


class CommitReveal(Body, frozen=True, kw_only=True, tag_field="kind", tag="commit_reveal"):
    """Secrets of several parties. `at`: until when the frame is frozen; they are revealed after that."""

    parties: tuple[Party, ...]
    at: Moment


class Plan(Body, frozen=True, kw_only=True):
    """What is to be drawn. The population is an expression over the columns of a chain, or a list of ids of listings
    (`frame.frame_id`) and codes, of listings of which one is a party; `column`: of
    a chain, which names a listing's stratum; `weights`: the first that is true counts, else 1; `officers_each`: how
    many go to each order.
    """

    check_id: Text
    title: Text
    planned_at: Moment
    items: tuple[Item, ...]
    population: Expression | None = None
    objects: tuple[Text, ...] = ()
    column: Code
    strata: tuple[Stratum, ...]
    weights: tuple[Weight, ...] = ()
    officers: tuple[Officer, ...]
    officers_each: Annotated[int, msgspec.Meta(ge=2, le=5)] = 2
    recusals: tuple[Recusal, ...] = ()
    randomness: Drand | CommitReveal


class Rows(Body, frozen=True, kw_only=True):
    """How many rows of the frame are of a stratum."""

    stratum: Text
    rows: Count


class Freeze(Body, frozen=True, kw_only=True):
    """What is drawn from. `as_known_at`: the moment as of which chains were asked for; `frame_sha256`: of the frame as
    it is before it is packed; `root`: of RFC 6962 over its lines.
    """

    check_id: Text
    after: Hash
    as_known_at: Moment
    frozen_at: Moment
    rows: Count
    strata: tuple[Rows, ...]
    frame_sha256: Hash
    root: Hash


class DrandRound(Body, frozen=True, kw_only=True, tag_field="kind", tag="drand"):
    """What the beacon gave. Whether the signature is the chain's, whoever asks the beacon can tell."""

    round: Annotated[int, msgspec.Meta(ge=1, le=2**50)]
    signature: Hex


class Reveal(Body, frozen=True, kw_only=True):
    """A party's secret."""

    name: Text
    secret: Hash


class Reveals(Body, frozen=True, kw_only=True, tag_field="kind", tag="commit_reveal"):
    """What parties have revealed, in the plan's order. Who is not among them has not."""

    reveals: tuple[Reveal, ...]


class Randomness(Body, frozen=True, kw_only=True):
    """What nobody could know when the frame was frozen."""

    check_id: Text
    after: Hash
    source: DrandRound | Reveals
    randomness: Hash


class Drawn(Body, frozen=True, kw_only=True):
    """What was drawn of a stratum. `next`: the least ticket that was not drawn, None where every row was; `short`: why
    fewer were drawn than the plan wants.
    """

    stratum: Text
    rows: Count
    drawn: Count
    next: Decimal | None = None
    short: Literal["rows", "share_cap"] | None = None


class Draw(Body, frozen=True, kw_only=True):
    """What came of it. `waiting`: orders for which there are too few officers."""

    check_id: Text
    after: Hash
    seed: Hash
    strata: tuple[Drawn, ...]
    orders: Count
    waiting: Count
    orders_sha256: Hash


class Order(Body, frozen=True, kw_only=True):
    """A line of the orders' file. `officers`: none where there were too few, so nobody goes alone; `ticket`: the
    decimal fraction that the listing drew.
    """

    order_no: Text
    id: Text
    stratum: Text
    weight: Annotated[int, msgspec.Meta(ge=1, le=16)]
    ticket: Decimal
    officers: tuple[Number, ...] = ()


class File(Body, frozen=True, kw_only=True):
    """A public file."""

    name: Code
    sha256: Hash


class Publish(Body, frozen=True, kw_only=True):
    """Where the check can be read by everybody."""

    check_id: Text
    after: Hash
    files: tuple[File, ...]


class Cancel(Body, frozen=True, kw_only=True):
    """The check is given up; its number is not used again."""

    check_id: Text
    after: Hash
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


AnyBody = Plan | Freeze | Randomness | Draw | Publish | Cancel
BODIES: dict[ActName, type[AnyBody]] = {
    "plan": Plan,
    "freeze": Freeze,
    "randomness": Randomness,
    "draw": Draw,
    "publish": Publish,
    "cancel": Cancel,
}
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(body: Body) -> bytes:
    """The one text of a body."""
    return _ENCODER.encode(body)


def hash_of(body: Body) -> str:
    """SHA-256 of its text, hex."""
    return sha256(canonical(body)).hexdigest()
