"""What has become of an order, told the long way: by days and dicts, asking at each step what has happened so far.

Of no code of the product: what is alike in both is alike because the decision says so.
"""

from __future__ import annotations

STEPS = ["issued", "accepted", "bought", "delivered", "unpacked"]
ENDS = ("refused", "gone", "removed")


def life(answers, results, *, producer, cancelled, objection_days):
    """`answers`, `results`: dicts; days as numbers. Returns a dict, and which answers changed nothing."""
    newest = {}
    for answer in answers:
        name = answer["publisher"], answer["event_id"]
        newest[name] = max(newest.get(name, answer), answer, key=place)
    reports = {}
    for result in results:
        name = result["agency"], result["report"]
        reports[name] = max(reports.get(name, result), result, key=lambda each: each["recency"])
    order = {"state": "issued", "sample": None, "spare": None, "result": None, "retest": None, "told": {}, "by": None}
    void = []
    for name, answer in sorted(newest.items(), key=lambda item: place(item[1])):
        if not happens(order, answer, producer, objection_days):
            void.append(name)
        look_for_results(order, list(reports.values()))
    if cancelled and order["result"] is None and order["state"] not in ENDS:
        order["state"] = "cancelled"
    return order, void


def happens(order, answer, producer, objection_days):
    said, state = answer["answer"], order["state"]
    if said in ENDS:
        if state not in ("issued", "accepted"):
            return False
        order["state"] = said
        return True
    if said in STEPS:
        if state not in STEPS[:-1] or STEPS.index(said) != STEPS.index(state) + 1:
            return False
        if said == "unpacked":
            if not answer["sample"] or not answer["spare"] or answer["sample"] == answer["spare"]:
                return False
            order["sample"], order["spare"] = answer["sample"], answer["spare"]
        order["state"] = said
        return True
    if said == "told":
        return tell(order, answer, producer)
    if said == "objected" and state == "told" and answer["party"] in order["told"]:
        if answer["day"] - order["told"][answer["party"]] > objection_days:
            return False
        order["state"], order["by"] = "objected", answer["party"]
        return True
    return False


def tell(order, answer, producer):
    if order["state"] not in ("tested", "retested"):
        return False
    verdict = (order["retest"] or order["result"])["verdict"]
    parties = {"seller"} if verdict == "pass" else {"seller", "platform"} | ({"producer"} if producer else set())
    if answer["party"] not in parties - set(order["told"]):
        return False
    order["told"][answer["party"]] = answer["day"]
    if set(order["told"]) == parties:
        may_object = verdict == "fail" and order["retest"] is None
        order["state"] = "told" if may_object else "final"
    return True


def look_for_results(order, reports):
    for state, after, seal, name in (
        ("unpacked", "tested", "sample", "result"),
        ("objected", "retested", "spare", "retest"),
    ):
        of = sorted((each for each in reports if each["seal"] == order[seal]), key=report_place)
        if order["state"] == state and of:
            order["state"], order[name] = after, of[0]
            if after == "retested":
                order["told"] = {}


def report_place(report):
    return report["day"], report["agency"], report["report"]


def place(answer):
    return answer["at"], answer["event_id"].encode(), answer["publisher"].encode(), answer["tie"]
