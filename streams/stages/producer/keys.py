"""State of a producer partition: one table of what is kept under which key.

Parts are joined by U+001F. A lot is (producer_code, gtin, lot), an item (producer_code, gtin). A cause of taints is a
recall (producer_code, gtin, recall_no) or a lot that failed.

| key | value |
|---|---|
| entity, code · penalty, code, business key | record |
| licence, licence_no | record; ABSENT when its home has none; ASKED while its home is asked |
| holding, holder_code, licence_no | the licence record again, by holder |
| former-holder, licence_no, holder_code | empty: who held it once and may not have been told that they no longer do |
| product, gtin | record, ABSENT or ASKED |
| maker, gtin, producer_code | empty: listings or records here name this item |
| named, licence_no, lot | empty: listings of this lot name a licence that their producer does not hold |
| lot, lot | record |
| shipment, lot, from_code, shipment_id, to_code, line | record |
| inspection, lot, agency_code, report_no · recall, item, recall_no | record |
| gone, … | recency of the latest record that was taken away from the key that follows |
| expiry, date, lot | empty: the lot expires on that day |
| follow, lot, lot made from it | empty |
| told, lot, input lot | taints that the input told |
| taints, lot | taints that the lot told last, after the topic:offset of the block that they were new to |
| tainted, kind, cause, lot | empty: a taint of that cause is among the lot's |
| term, kind, cause | which time it is that the cause taints, and the topic:offset of the block that ended the last |
| ended, kind, cause | the greatest term of the cause that is over |
| due, lot | received_at: what the lot is tainted with may be something else now |
| done, topic | the lots worked off by the last block that worked any off, with its offset |
| facts-producer, code · facts-item, item · facts-lot, lot | facts |
| facts-custody, lot, holder · facts-licence, licence_no | facts |
| facts-seller, code | facts; ASKED while the code's home is asked |
| seller-version, code | version of the facts, where the home is another partition |
| seller-asker, code, partition | empty: the partition asked for the seller whose home this is, and is told |
| listing, lot, seller_code, platform_code, listing_id | listing; what it does not name is empty |
| sells, seller_code, lot | empty: the seller's listings name this lot, or did |
| questions, topic · asked-sellers, topic | what its last block that asked any asked, with its offset |
| due-after | where working off what is due goes on |
| day · day-before · count | greatest `day` event · the one before it · numbers given (`numbers.py`) |
"""

from __future__ import annotations

from suyuan.domain.keys import SEPARATOR

ABSENT = b""
ASKED = b"?"

LotKey = tuple[str, str, str]
ItemKey = tuple[str, str]

DAY = b"day"
DAY_BEFORE = b"day-before"
COUNT = b"count"
DUE_AFTER = b"due-after"


def name(*parts: str) -> bytes:
    """The key of one entry."""
    return SEPARATOR.join(parts).encode()


def prefix(*parts: str) -> bytes:
    """What the keys of all entries below these parts start with."""
    return SEPARATOR.join((*parts, "")).encode()


def parts(key: bytes) -> list[str]:
    """The reverse of `name`."""
    return key.decode().split(SEPARATOR)


def is_record(value: bytes | None) -> bool:
    """Whether a value is a record: not absent, not asked for, not known to be absent."""
    return value is not None and value not in (ABSENT, ASKED)
