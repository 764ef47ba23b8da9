"""A small market for browsers: the examples of the documentation, more listings of their platform with all kinds of
gaps, and names and titles that would be markup, or turn the page around, if anybody let them.
"""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
PLATFORM = "91330106MABQWU0B72"
SELLER, OTHER_SELLER = "91330106MABR4AWUXK", "91310104MABR5Y503P"
PRODUCER = "91330784MABQYF7F4B"
HONEY, LOT = "06903379452712", "H260112"
RECALLED = "100002"
MARKUP = "<img src=x onerror=\"document.documentElement.dataset.hacked='1'\">"
RIGHT_TO_LEFT = "\u202eمنتج أصلي gpj.exe"
HOSTILE = f'{MARKUP}"\'><script>document.documentElement.dataset.hacked="2"</script>{RIGHT_TO_LEFT}'
EVIL_LISTING = "evil-1"
WEBHOOK = "hhhhhhhhhhhh"
TITLES = ("椴树蜂蜜 500g 农家自产", "洋槐蜂蜜 1kg 家庭装", "蜂蜜柚子茶 480g", "老蜂农百花蜜 250g 礼盒", "桂花蜜 300g")
MORE = 64


def write_events(folder, *, hostile=True):
    """Files for `suyuan publish`, in the order in which they are published. `hostile`: with names that are attacks."""
    files = []
    for file in sorted(EXAMPLES.glob("*.csv")):
        shutil.copy(file, folder / file.name)
        files.append(folder / file.name)
    for name, text in (
        ("more/listings.csv", _listings(hostile=hostile)),
        ("more/entities.csv", _entities(hostile=hostile)),
        *([("more/recalls.csv", _recalls())] if hostile else []),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        files.append(folder / name)
    return files


def _listings(*, hostile):
    columns = ["event_id", "publisher", "occurred_at", "platform_code", "listing_id", "status", "title", "category"]
    columns += ["seller_code", "producer_code", "producer_name", "gtin", "lot", "licence_no", "price_fen", "sold_30d"]
    rows = [_listing(number) for number in range(MORE)]
    evil = _listing(0) | {
        "event_id": "evil",
        "listing_id": EVIL_LISTING,
        "title": HOSTILE,
        "producer_code": "",
        "producer_name": HOSTILE,
        "lot": HOSTILE[:60],
    }
    return _csv(columns, [*rows, evil] if hostile else rows)


def _listing(number):
    row = {
        "event_id": f"more-{number}",
        "publisher": PLATFORM,
        "occurred_at": f"2026-02-1{number % 9}T08:{number % 60:02}:00+08:00",
        "platform_code": PLATFORM,
        "listing_id": str(200_001 + number),
        "status": "removed" if number % 16 == 15 else "active",
        "title": TITLES[number % len(TITLES)],
        "category": "honey",
        "seller_code": SELLER if number % 3 else OTHER_SELLER,
        "producer_code": PRODUCER,
        "producer_name": "永康蜂源食品有限公司",
        "gtin": HONEY,
        "lot": LOT,
        "licence_no": "SC10033078470026",
        "price_fen": str(2_990 + 100 * number),
        "sold_30d": str(7 * number),
    }
    return (
        row
        | (
            {"lot": ""},
            {"lot": f"X{number}"},
            {"producer_code": ""},
            {"producer_code": PRODUCER[:17] + "A"},
            {"gtin": "06903379452713"},
            {"gtin": ""},
            {"seller_code": SELLER[:17] + "0"},
            {"licence_no": "SC10033078470000"},
        )[number % 8]
    )


def _entities(*, hostile):
    columns = ["event_id", "publisher", "occurred_at", "code", "name", "status", "division"]
    authority = "11330784MABR96K8XW"
    platform = (
        "e-platform",
        authority,
        "2026-01-05T09:00:00+08:00",
        PLATFORM,
        "西湖网络超市有限公司",
        "active",
        "330106",
    )
    # a later record of a seller whose name is an attack
    evil = ("e-evil", authority, "2026-01-06T09:00:00+08:00", OTHER_SELLER, "弄堂点心铺 " + HOSTILE, "active", "310104")
    return _csv(
        columns, [dict(zip(columns, row, strict=True)) for row in ([platform, evil] if hostile else [platform])]
    )


def _recalls():
    """One whose number and reason are attacks, of a lot that nobody has."""
    columns = ["event_id", "publisher", "occurred_at", "recall_no", "producer_code", "gtin", "lots", "level", "reason"]
    values = ("r-evil", PRODUCER, "2026-02-21T09:00:00+08:00", MARKUP, PRODUCER, HONEY, "EVIL", "3", HOSTILE, "closed")
    return _csv([*columns, "status"], [dict(zip([*columns, "status"], values, strict=True))])


def _csv(columns, rows):
    written = io.StringIO()
    lines = csv.DictWriter(written, columns)
    lines.writeheader()
    lines.writerows(rows)
    return written.getvalue()
