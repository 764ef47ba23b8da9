"""A small market for browsers: the examples of the documentation, more listings of their platform with all kinds of
gaps, and names and titles that would be markup, or turn the page around, if anybody let them.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
PLATFORM = "91330106MABQWU0B72"
SELLER, OTHER_SELLER = "91330106MABR4AWUXK", "91310104MABR5Y503P"
PRODUCER = "91330784MABQYF7F4B"
LABORATORY = "91330102MABR7JC40E"
HONEY, LOT = "06903379452712", "H260112"
RECALLED = "100002"
MARKUP = "<img src=x onerror=\"document.documentElement.dataset.hacked='1'\">"
RIGHT_TO_LEFT = "\u202eمنتج أصلي gpj.exe"
HOSTILE = f'{MARKUP}"\'><script>document.documentElement.dataset.hacked="2"</script>{RIGHT_TO_LEFT}'
EVIL_LISTING = "evil-1"
WEBHOOK = "hhhhhhhhhhhh"
CHECK = "330106-2026-9"
ORDER, WAITING = f"{CHECK}-1", f"{CHECK}-2"
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
        ("more/orders.jsonl", _orders(hostile=hostile)),
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


def _orders(*, hostile):
    """Two orders of a spot check: one whose sample has failed, of a lot that no listing has, and one that waits."""
    system = {"publisher": "SUYUAN", "occurred_at": "2026-02-20T09:00:00+08:00"}
    title = TITLES[0] + (HOSTILE if hostile else "")
    drawn = {"kind": "order", "check_id": CHECK, "platform_code": PLATFORM, "title": title, "gtin": HONEY}
    drawn |= {"seller_code": SELLER, "producer_code": PRODUCER, "lot": "H260118", "stratum": "honey", "weight": 3}
    drawn |= {"ticket": "0." + "0271828" * 11, "items": ["F-12", "F-31"], **system}
    of_orders = [(ORDER, RECALLED, ["330106-012", "330106-047"]), (WAITING, "100003", [])]
    events = [
        drawn | {"event_id": number, "order_no": number, "listing_id": listing, "officers": officers}
        for number, listing, officers in of_orders
    ]
    seals = {"unpacked": {"sample": "封-2026-00017", "spare": "封-2026-00018"}, "told": {"party": "seller"}}
    for hour, answer in enumerate(("accepted", "accepted", "bought", "delivered", "unpacked", "told"), 10):
        said = {"kind": "order_answer", "event_id": f"{ORDER} {hour}", "order_no": ORDER, "answer": answer}
        moment = {"occurred_at": f"2026-02-{hour + 10}T10:00:00+08:00"}
        events.append({**system, **said, **moment, "actor": "oidc:li", **seals.get(answer, {})})
    report = {"kind": "inspection", "event_id": "i-order", "publisher": LABORATORY, "agency_code": LABORATORY}
    report |= {"report_no": "W-2026-0117", "producer_code": PRODUCER, "gtin": HONEY, "lot": "H260118"}
    report |= {"purpose": "spot_check", "result": "fail", "failed_items": ["果糖和葡萄糖", "嗜渗酵母计数"]}
    report |= {"occurred_at": "2026-02-24T15:00:00+08:00", "inspected_on": "2026-02-24"}
    events.append({**report, "order_no": ORDER, "sample_no": "封-2026-00017"})
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in events)


def _csv(columns, rows):
    written = io.StringIO()
    lines = csv.DictWriter(written, columns)
    lines.writeheader()
    lines.writerows(rows)
    return written.getvalue()
