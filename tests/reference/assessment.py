"""Section 4 of the domain's contract, read off the page: all events at once, plain dicts and loops.

It shares no code with the product, so that a misreading has to be made twice to go unnoticed.
Where the contract leaves room, it reads:

- Nothing is asked of a licence when the product requires none, even if the listing names one.
- The last `day` is the greatest date that any `day` event names.
- An unknown lot has no inspections of its own: those of the product with no lot named count for it.
  A recall needs no lot record: it covers what the listing declares.
- Sent and received are totals over the current shipments of the lot. A shipment of nothing (a void one) is none: no way
  leads over it.
- A seller that no path reaches has received nothing, and so is also `oversold` once it sold anything.
- An input need not have a lot record of its own to be recalled or to have failed. Only inspections that name
  its lot count, and only recalls of the input's own producer and GTIN. One with a restricted GTIN is as good as none.
- Where lots that went into one are recalled (or failed), the gap names the one that is fewest steps away, by the lesser
  key of two; it rests on the recalls (reports) of the three that come first in this order. Of several open recalls of a
  lot the gravest counts, of those the last.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.reference.gaps import verdict
from tests.reference.records import NOW, current_records, day, day_of, evidence_id, inputs_of, key_of
from tests.reference.spelling import code_form, has_code_format, has_good_checks, is_gtin, is_restricted, text_form


def expected_chains(events, taken_at=NOW):
    """{(platform_code, listing_id): (verdict, sorted gaps)} of every listing.

    `taken_at`: ms since the epoch at which the log took the events, one or of each.
    """
    market = Market(events, taken_at)
    return {key: market.assess(listing) for key, listing in market.current["listing"].items()}


def expected_inputs(events, taken_at=NOW):
    """{(platform_code, listing_id): {gap: (lot it names, evidence ids)}}, of listings with a gap of their inputs."""
    market = Market(events, taken_at)
    found = {}
    for key, listing in market.current["listing"].items():
        _, gaps = market.assess(listing)
        named = market.tainted(lot_of(listing))
        if told := {gap: named[gap] for gap in gaps if gap in named}:
            found[key] = told
    return found


def expected_paths(events, taken_at=NOW):
    """{(platform_code, listing_id): evidence ids of the shipments from producer to seller}, where there are any."""
    market = Market(events, taken_at)
    found = {}
    for key, listing in market.current["listing"].items():
        if market.knows_lot(listing) and (path := market.path(lot_of(listing), listing["seller_code"])):
            found[key] = [evidence_id(shipment) for shipment in path]
    return found


class Market:
    """The current records, and what can be asked of them."""

    def __init__(self, events, taken_at):
        self.current = current_records(events, taken_at)
        self.last_day = max((day(e["date"]) for e in self.current["day"].values()), default=dt.date.min)
        self.shipments = defaultdict(list)
        for shipment in self.current["shipment"].values():
            if shipment["quantity"] > 0:
                self.shipments[shipment["producer_code"], shipment["gtin"], shipment["lot"]].append(shipment)

    def assess(self, listing):
        """(verdict, sorted gaps) of one listing."""
        if listing["status"] != "active":
            return "removed", []
        producer, gtin, lot_text = listing["producer_code"], listing["gtin"], listing["lot"]
        day_that_counts = day_of(listing)
        gaps = [self.party("seller", listing["seller_code"])]
        if producer is None:
            gaps.append("producer_undeclared")
            return verdict(gaps)
        gaps.append(self.party("producer", producer))
        if gaps[-1] == "producer_code_invalid":
            return verdict(gaps)
        gaps.append(self.product(producer, gtin))
        if gaps[-1] is not None:
            return verdict(gaps)
        lot = self.current["lot"].get((producer, gtin, lot_text))
        if lot is not None:
            day_that_counts = day(lot["produced_on"])
        gaps.append(self.licence(producer, gtin, listing["licence_no"], day_that_counts))
        gaps.append("lot_undeclared" if lot_text is None else "lot_unknown" if lot is None else None)
        gaps.append(self.recall(producer, gtin, lot_text))
        gaps.append(self.inspection(producer, gtin, lot_text if lot is not None else None))
        if lot is not None:
            expiry = lot.get("expires_on")
            if expiry is not None and day(expiry) < max(day_of(listing), self.last_day):
                gaps.append("lot_expired")
            key = (producer, gtin, lot_text)
            gaps.append(self.custody(key, listing["seller_code"]))
            gaps.append(self.quantity(key, lot["quantity"]))
            gaps.append(self.sold(key, listing["seller_code"], listing["sold_30d"]))
            gaps += self.inputs(key)
        return verdict(gaps)

    def knows_lot(self, listing):
        """Whether the listing is active, and names a known lot of a known product."""
        producer = listing["producer_code"]
        if listing["status"] != "active" or self.party("producer", producer) == "producer_code_invalid":
            return False
        return self.product(producer, listing["gtin"]) is None and lot_of(listing) in self.current["lot"]

    def party(self, role, code):
        entity = self.current["entity"].get((code,))
        if code is None or not has_code_format(code) or (not has_good_checks(code) and entity is None):
            return f"{role}_code_invalid"
        if entity is None:
            return f"{role}_unregistered"
        if entity["status"] in {"revoked", "deregistered"}:
            return f"{role}_inactive"
        return f"{role}_abnormal" if entity["status"] == "abnormal" else None

    def product(self, producer, gtin):
        if gtin is None:
            return "product_undeclared"
        if not is_gtin(gtin):
            return "gtin_invalid"
        if is_restricted(gtin):
            return "gtin_restricted"
        if (gtin,) not in self.current["product"]:
            return "product_unknown"
        if self.current["product"][gtin,]["producer_code"] != producer:
            return "product_of_other_producer"
        return None

    def licence(self, producer, gtin, licence_no, on):
        product = self.current["product"][gtin,]
        if not product["requires_licence"]:
            return None
        if licence_no is None:
            for licence in self.current["licence"].values():
                in_scope = product["category"] in licence["categories"]
                if licence["holder_code"] == producer and in_force(licence, on) and in_scope:
                    return None
            return "licence_missing"
        licence = self.current["licence"].get((licence_no,))
        if licence is None:
            return "licence_unknown"
        if licence["holder_code"] != producer:
            return "licence_of_other_holder"
        if not in_force(licence, on):
            return "licence_not_in_force"
        return None if product["category"] in licence["categories"] else "licence_out_of_scope"

    def recall(self, producer, gtin, lot):
        possible = None
        for lots in self.open_recalls(producer, gtin):
            if not lots or lot in lots:
                return "lot_recalled"
            if lot is None:
                possible = "recall_possible"
        return possible

    def open_recalls(self, producer, gtin):
        return [
            recall["lots"]
            for recall in self.current["recall"].values()
            if recall["status"] == "open" and (recall["producer_code"], recall["gtin"]) == (producer, gtin)
        ]

    def inspection(self, producer, gtin, known_lot):
        latest = self.latest_inspection(producer, gtin, known_lot) or self.latest_inspection(producer, gtin, None)
        if latest is None:
            return "uninspected"
        return "inspection_failed" if latest["result"] == "fail" else None

    def latest_inspection(self, producer, gtin, lot):
        own = [
            report
            for report in self.current["inspection"].values()
            if (report["producer_code"], report["gtin"], report["lot"]) == (producer, gtin, lot)
        ]
        order = ("inspected_on", "occurred_at", "report_no", "agency_code")
        return max(own, key=lambda report: [report[name] for name in order], default=None)

    def custody(self, key, seller):
        producer = key[0]
        if seller == producer:
            return None
        reached, arrived = {producer}, {producer: float("-inf")}
        for _ in range(len(self.shipments[key])):
            for shipment in self.shipments[key]:
                source, target, at = shipment["from_code"], shipment["to_code"], shipment["occurred_at"]
                if source in reached:
                    reached.add(target)
                if source in arrived and at >= arrived[source]:
                    arrived[target] = min(at, arrived.get(target, at))
        if seller not in reached:
            return "custody_missing"
        return None if seller in arrived else "custody_time_reversed"

    def path(self, key, seller):
        """The shipments of the shortest way that never goes back in time, else of the shortest one: of several the
        first to arrive, then that of the least business keys along it. All ways are gone, hop by hop.
        """
        for in_time in (True, False):
            paths = [()]
            while paths and seller != key[0]:
                arrived = [path for path in paths if path and path[-1]["to_code"] == seller]
                if arrived:
                    return min(arrived, key=lambda path: (path[-1]["occurred_at"], [written_key(s) for s in path]))
                paths = [
                    (*path, shipment)
                    for path in paths
                    for shipment in self.shipments[key]
                    if shipment["from_code"] == (path[-1]["to_code"] if path else key[0])
                    and shipment["to_code"] not in {key[0], *(passed["to_code"] for passed in path)}
                    and not (in_time and path and shipment["occurred_at"] < path[-1]["occurred_at"])
                ]
        return ()

    def quantity(self, key, quantity):
        for holder in {shipment["from_code"] for shipment in self.shipments[key]}:
            sent = sum(s["quantity"] for s in self.shipments[key] if s["from_code"] == holder)
            made = quantity if holder == key[0] else 0
            if sent > made + self.received(key, holder):
                return "quantity_exceeded"
        return None

    def sold(self, key, seller, sold):
        return "oversold" if seller != key[0] and sold > self.received(key, seller) else None

    def received(self, key, holder):
        return sum(s["quantity"] for s in self.shipments[key] if s["to_code"] == holder)

    def inputs(self, key):
        return set(self.tainted(key))

    def tainted(self, key):
        """{gap: (the nearest lot, the events of the three nearest, each once)}"""
        steps, level = {key: 0}, [key]
        while level:
            records = [self.current["lot"][made] for made in level if made in self.current["lot"]]
            parts = [part for record in records for part in inputs_of(record) if can_match(part)]
            distance = steps[level[0]] + 1
            level = sorted(set(parts) - steps.keys())
            steps |= dict.fromkeys(level, distance)
        others = sorted(steps.keys() - {key}, key=lambda part: (steps[part], part))
        causes = {
            "input_recalled": [(part, recall) for part in others if (recall := self.recall_of(part))],
            "input_failed": [(part, report) for part in others if (report := self.fail_of(part))],
        }
        found = {}
        for gap, tainted in causes.items():
            if tainted:
                events = dict.fromkeys(evidence_id(event) for _, event in tainted[:3])
                found[gap] = (tainted[0][0], list(events))
        return found

    def recall_of(self, part):
        producer, gtin, lot = part
        covering = [
            recall
            for recall in self.current["recall"].values()
            if recall["status"] == "open"
            and (recall["producer_code"], recall["gtin"]) == (producer, gtin)
            and (not recall["lots"] or lot in recall["lots"])
        ]
        order = ("occurred_at", "event_id", "publisher", "recall_no")
        return max(covering, key=lambda r: (-r["level"], *(r[name] for name in order)), default=None)

    def fail_of(self, part):
        latest = self.latest_inspection(*part)
        return latest if latest is not None and latest["result"] == "fail" else None


def lot_of(listing):
    return listing["producer_code"], listing["gtin"], listing["lot"]


def written_key(record):
    return [part or "" for part in key_of(record)]


def can_match(part):
    """Whether anything can be known of a lot by this name."""
    producer_code, gtin, lot = part
    named = code_form(producer_code) is not None and text_form(lot) is not None
    return named and is_gtin(gtin) and not is_restricted(gtin)


def in_force(licence, on):
    begun = day(licence["valid_from"]) <= on
    ended = licence.get("valid_to") is not None and day(licence["valid_to"]) < on
    return licence["status"] == "valid" and begun and not ended
