"""One listing, offered again and again at another price."""

from __future__ import annotations

PLATFORM = "91330106009900005E"


def offer(number, price, listing="L1"):
    """The later the greater the number."""
    return {
        "kind": "listing",
        "event_id": f"{listing}-{number}",
        "publisher": PLATFORM,
        "occurred_at": 1_770_000_000_000 + number * 1000,
        "platform_code": PLATFORM,
        "listing_id": listing,
        "status": "active",
        "title": "桂花糕",
        "category": "food",
        "seller_code": "913702020050000500",
        "price_fen": price,
        "sold_30d": 4,
    }
