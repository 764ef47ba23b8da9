"""Markets of some 5,000 listings in which every shipped rule finds something, what people do about it, and what stands
in the end, told plainly: rules over one frame of the newest chains, complaints counted one by one, findings put
together by what they say.

Of the code of the stages there is nothing here; rules are run as `domain/rules` translates them.
"""

import random
from collections import Counter, defaultdict
from datetime import date

import polars as pl

from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.columns import COLUMNS, COUNTERS, Kind
from suyuan.domain.rules.sql import condition, to_polars
from suyuan.simulation.market import Market
from tests.reference.alert_life import life

RULES = {rule.id: rule for rule in built_in_rules() if rule.mode == "active"}
EVENTS = 19_000
"""of the simulated market, most of which are of listings that are priced anew: these are left out"""
DAY_MS = 86_400_000
CHINA_MS = 8 * 3_600_000
TYPES = {Kind.TEXT: pl.String(), Kind.NUMBER: pl.Int64(), Kind.TEXTS: pl.List(pl.String())}
SUBJECTS = {
    "listing": ("listing", ("platform_code", "listing_id")),
    "lot": ("lot", ("producer_code", "gtin", "lot")),
    "product": ("product", ("gtin",)),
    "producer": ("producer", ("producer_code",)),
    "seller": ("entity", ("seller_code",)),
}
DECIDES = {"contradicted": "contradicted", "broken": "broken", "partial": "unverified"}
SYSTEM = "SUYUAN"


# --- what is published


def market(seed):
    """Of each listing the last version, of one in eight the first as well; and whatever else there is, and storms."""
    events = list(Market(seed).events(EVENTS))
    versions = defaultdict(list)
    for number, event in enumerate(events):
        if event["kind"] == "listing":
            versions[event["platform_code"], event["listing_id"]].append(number)
    kept = {numbers[-1] for numbers in versions.values()} | {numbers[0] for numbers in [*versions.values()][::8]}
    thin = [event for number, event in enumerate(events) if event["kind"] != "listing" or number in kept]
    return thin + list(storms(thin, random.Random(seed)))


def storms(events, chance):
    """What concerns many listings at once: lots, sellers and producers that have most of them; some is taken back."""
    listings = {(event["platform_code"], event["listing_id"]): event for event in events if event["kind"] == "listing"}
    names = ("producer_code", "gtin", "lot")
    lots = Counter(tuple(event[name] for name in names) for event in listings.values() if all(map(event.get, names)))
    sellers = Counter(event["seller_code"] for event in listings.values())
    last = max(event["occurred_at"] for event in events)
    inspection = next(event for event in events if event["kind"] == "inspection")
    entities = {event["code"]: event for event in events if event["kind"] == "entity"}
    said = {"publisher": inspection["publisher"]}
    for number, (lot, _) in enumerate(lots.most_common(12)):
        named = dict(zip(names, lot, strict=True))
        if number % 4 == 3:
            report = {"report_no": f"storm-{number}", "result": "fail", "failed_items": ["铅"]}
            yield inspection | named | report | {"event_id": f"storm-{number}", "occurred_at": last + number}
            continue
        recall = {"producer_code": lot[0], "gtin": lot[1], "lots": [lot[2]], "recall_no": f"storm-{number}"}
        of = said | recall | {"kind": "recall", "level": number % 4 + 1, "reason": "重金属铅不符合标准"}
        for status in ("open", "closed") if chance.random() < 0.3 else ("open",):
            at = last + number + 1_000 * (status == "closed")
            yield of | {"event_id": f"storm-{number}-{status}", "occurred_at": at, "status": status}
    complaint = next(event for event in events if event["kind"] == "complaint")
    for number, (platform, listing) in enumerate(chance.sample(sorted(listings), 30)):
        for each in range(chance.choice((1, 3, 4, 10, 12))):
            name = f"storm-c{number}-{each}"
            at = last - chance.choice((0, 1, 6, 7, 29, 30)) * DAY_MS - chance.randrange(DAY_MS)
            of = {"platform_code": platform, "listing_id": listing, "complaint_no": name}
            yield complaint | of | {"event_id": name, "occurred_at": at}
        for each in range(3 * (number == 0)):
            of = {"platform_code": platform, "listing_id": listing, "complaint_no": f"storm-week-{each}"}
            yield complaint | of | {"event_id": f"storm-week-{each}", "occurred_at": last}
    codes = [code for code, _ in sellers.most_common(8) if code in entities]
    for number, code in enumerate([*codes, *[lot[0] for lot, _ in lots.most_common(40)[-4:]]]):
        for version, status in enumerate(chance.sample(("active", "abnormal", "revoked"), 2)):
            at = last + 100 + number + 1_000 * version
            yield entities[code] | {"event_id": f"storm-e{number}-{version}", "occurred_at": at, "status": status}


def acts_on(alerts, chance, name="act"):
    """What people do with some of the alerts that stand: rows of `alert.state`. `name`: of the acts, with numbers."""
    standing = sorted((row for row in alerts if row["state"] == "raised"), key=lambda row: row["alert_id"])
    chosen = chance.sample(standing, min(60, len(standing)))
    widest = sorted(standing, key=lambda row: -row["listings"])[:20]
    for number, row in enumerate([*chosen, *widest]):
        for each in range(chance.randint(1, 4)):
            at = row["newest_listed_at"] + chance.choice((-DAY_MS, 0, DAY_MS)) + chance.randrange(10)
            yield {
                "kind": "alert_act",
                "event_id": f"{name}-{number}-{each}",
                "publisher": SYSTEM,
                "occurred_at": at,
                "alert_id": row["alert_id"],
                "actor": "zhang",
                **what_is_done(row, at, chance),
            }


def what_is_done(row, at, chance):
    """Fields of one act."""
    basis = row["basis"] if chance.random() < 0.8 else "0000000000000000"
    match chance.choice(("acknowledge", "unacknowledge", "assign", "comment", "resolve", "resolve", "reopen")):
        case "acknowledge":
            fields = {"act": "acknowledge", "until": at + chance.randint(1, 30) * DAY_MS}
        case "assign":
            fields = {"act": "assign", "assignee": chance.choice(("li", "wang"))}
        case "comment":
            fields = {"act": "comment", "note_id": "n1"}
        case "resolve":
            fields = {
                "act": "resolve",
                "basis": basis,
                "resolution": chance.choice(("false_alarm", "confirmed", "other")),
            }
        case act:
            fields = {"act": act}
    return {"takedown": fields.get("resolution") == "confirmed"} | fields


# --- what stands


def chains_of(world):
    """The newest chain of each listing, by its key."""
    newest = {}
    for row in world.rows("chain"):
        key = (row["platform_code"], row["listing_id"])
        if key not in newest or version(newest[key]) <= version(row):
            newest[key] = row
    return newest


def version(row):
    return row["revision"], row["assessment"]


def complaints_of(events, chains):
    """By listing, by counter, the complaints that it counts in the end."""
    newest, day = {}, date.min
    for event in events:
        if event["kind"] == "day":
            day = max(day, date.fromisoformat(event["date"]))
        if event["kind"] == "complaint":
            key, place = (event["channel"], event["complaint_no"]), (event["occurred_at"], event["event_id"])
            if key not in newest or newest[key][0] < place:
                newest[key] = (place, event)
    about = defaultdict(list)
    for _, event in newest.values():
        about[event.get("platform_code"), event.get("listing_id")].append(event)
    found = {}
    for key, complaints in about.items():
        if key in chains:
            days = {event["event_id"]: day_in_china(event["occurred_at"]) for event in complaints}
            today = max(day, day_in_china(chains[key]["listed_at"]), *days.values())
            found[key] = {
                name: {each for each, on in days.items() if (today - on).days < reach}
                for name, reach in COUNTERS.items()
            }
    return found


def day_in_china(at):
    return date.fromordinal(date(1970, 1, 1).toordinal() + (at + CHINA_MS) // DAY_MS)


def findings_of(chains, complaints):
    """By (rule, platform_code, listing_id): what is found of that listing, as (subject, bureau, severity, what it rests
    on).
    """
    rows = [
        {name: chain.get(name) for name in COLUMNS}
        | {name: len(complaints.get(key, {}).get(name, ())) for name in COUNTERS}
        for key, chain in chains.items()
    ]
    frame = pl.DataFrame(rows, schema={name: TYPES[column.kind] for name, column in COLUMNS.items()})
    keys = list(chains)
    found = {}
    for rule in RULES.values():
        for number in frame.select(to_polars(rule)).to_series().arg_true():
            key = keys[number]
            chain = chains[key]
            rests = rests_on(rule, chain, complaints.get(key, {}))
            found[rule.id, *key] = (subject_of(rule, chain), bureau_of(rule, chain), rule.severity, rests)
    return found


def subject_of(rule, chain):
    kind, names = SUBJECTS[rule.about]
    if not all(chain[name] for name in names):
        kind, names = SUBJECTS["listing"]
    return kind + ":" + "/".join(chain[name].replace("%", "%25").replace("/", "%2F") for name in names)


def bureau_of(rule, chain):
    """Every division of these markets is one of the lowest level, and still there."""
    first, second = "seller_division", "producer_division"
    if rule.jurisdiction == "producer":
        first, second = second, first
    return chain[first] or chain[second] or "100000"


def rests_on(rule, chain, complaints):
    """What the rule names: gaps by what they are about, and events, but for the listing's own."""
    read = condition(rule)
    decides = DECIDES.get(chain["verdict"]) if "verdict" in read.columns else None
    gaps = [gap for gap in chain["gaps"] or () if gap["gap"] in read.gaps or gap["class"] == decides]
    about = frozenset((gap["gap"], gap["subject"] or "") for gap in gaps)
    events = {each for gap in gaps for each in gap["evidence"] or () if each is not None} - {chain["listing_event"]}
    counted = {each for name in read.columns & COUNTERS.keys() for each in complaints.get(name, ())}
    return about, frozenset(events | counted)


def alerts_of(findings, bases, listed_at):
    """By (rule, subject, bureau): what the alert says. By finding, `bases`: the digest of what it rests on;
    `listed_at`: when the listing was offered.
    """
    members = defaultdict(list)
    for name, (subject, bureau, *_) in findings.items():
        members[name[0], subject, bureau].append(name)
    return {
        alert: {
            "severity": RULES[alert[0]].severity,
            "listings": len(names),
            "platforms": sorted(Counter(platform for _, platform, _ in names).items()),
            "basis": f"{sum(int(basis, 16) for basis in {bases[name] for name in names}) % 2**64:016x}",
            "newest_listed_on": max(day_in_china(listed_at[name]) for name in names),
            "members": names,
        }
        for alert, names in members.items()
    }


def handled(acts, row, listed):
    """How an alert is dealt with, as its row is to say it."""
    standing = "standing" if row["state"] == "raised" else "cleared"
    told = [{"until": None, "assignee": None, "resolution": None, "basis": None, "tie": 0} | act for act in acts]
    said, _ = life(told, standing, row["basis"], listed)
    return {name: said[name] for name in ("handling", "assignee", "acknowledged_until", "resolution")}
