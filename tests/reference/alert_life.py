"""What has become of an alert, told the long way: every act is replayed by a table, on dicts.

Of no code of the product: what is alike in both is alike because the decision says so.
"""

from __future__ import annotations

ALLOWED = {
    "open": {"acknowledge": "acknowledged", "assign": "assigned", "resolve": "resolved"},
    "acknowledged": {
        "acknowledge": "acknowledged",
        "unacknowledge": "open",
        "assign": "assigned",
        "resolve": "resolved",
    },
    "assigned": {"assign": "assigned", "resolve": "resolved"},
    "resolved": {"reopen": "open"},
}
KEPT = {
    "open": {},
    "acknowledged": {"until": "acknowledged_until"},
    "assigned": {"assignee": "assignee"},
    "resolved": {"resolution": "resolution", "takedown": "takedown"},
}
NOTHING = {"assignee": None, "acknowledged_until": None, "resolution": None, "takedown": False}


def life(acts, condition, basis, listings):
    """`acts`: dicts of the fields of an act; `listings`: when each standing member was listed. Returns the state as a
    dict, and what became of each act by (publisher, event_id).
    """
    latest = {}
    for act in sorted(acts, key=place):
        latest[act["publisher"], act["event_id"]] = act
    handling, rest, effective, became = "open", NOTHING, None, {}
    for name, act in sorted(latest.items(), key=lambda item: place(item[1])):
        if act["act"] == "comment":
            became[name] = "done"
            continue
        after = ALLOWED[handling].get(act["act"])
        if after is None:
            became[name] = "void"
            continue
        became[name] = "done"
        if after == "resolved" and condition == "standing" and not still_right(act, basis, listings):
            became[name], after = "lapsed", "open"
        handling = after
        rest = NOTHING | {kept: act.get(given) for given, kept in KEPT[after].items()}
        effective = name
    raised_again = effective is not None and became[effective] == "lapsed"
    return {"handling": handling, **rest, "raised_again": raised_again, "last": effective}, became


def still_right(resolve, basis, listings):
    """Whether what somebody found is so of an alert that stands."""
    if resolve["basis"] != basis:
        return False
    if resolve["resolution"] == "false_alarm":
        return True
    return not any(day_in_china(listed) > day_in_china(resolve["occurred_at"]) for listed in listings)


def day_in_china(at):
    """Days since 1970, of ms."""
    return (at + 8 * 3_600_000) // 86_400_000


def place(act):
    """Where an act comes among others."""
    texts = [act[name].encode() for name in ("event_id", "publisher")]
    return act["occurred_at"], *texts, act["tie"]
