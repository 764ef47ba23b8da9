"""Other values for the fields that an assessment looks at: what a slip, or a correction, puts in a record."""

from __future__ import annotations

from tests.reference import names

CATEGORIES = ("food", "cosmetics", "textile")


def entity(rng, _cast, _ledger):
    status = rng.choices(["active", "abnormal", "revoked", "deregistered"], [20, 2, 1, 1])[0]
    return {"name": "企业", "status": status, "division": rng.choice([None, *names.DIVISIONS])}


def product(rng, cast, _ledger):
    return {
        "producer_code": rng.choice(cast.parties),
        "category": rng.choice(CATEGORIES),
        "requires_licence": rng.random() < 0.5,
    }


def licence(rng, cast, ledger):
    return {
        "holder_code": rng.choice(cast.parties),
        "categories": rng.choice([[], ["food", "cosmetics"], ["textile"], list(CATEGORIES)]),
        "status": rng.choice(["valid", "suspended", "revoked"]),
        "valid_from": ledger.day(),
        "valid_to": rng.choice([None, ledger.day()]),
    }


def lot(rng, cast, ledger):
    return {
        "lot": f"L{rng.randint(0, 4)}",
        "produced_on": ledger.day(),
        "expires_on": rng.choice([None, ledger.day()]),
        "quantity": rng.choice([0, 20, 60]),
        "inputs": inputs(rng, cast, ledger),
    }


def inputs(rng, cast, ledger):
    """Lots that went into one: of any producer, with a record or without, perhaps made of it themselves."""
    stranger = cast.lots[0] | {"producer_code": rng.choice(cast.parties), "lot": "L9"}
    unheard = {
        "producer_code": names.malformed_code(rng),
        "gtin": names.wrong_gtin(rng),
        "lot": rng.choice(names.NOTHING),
    }
    odd = rng.choice([stranger, stranger | dict([rng.choice(sorted(unheard.items()))])])
    chosen = rng.choices([*cast.lots, odd], k=rng.randint(0, 2))
    return [{name: ledger.written(name, value) for name, value in key.items()} | {"quantity": 1} for key in chosen]


def shipment(rng, cast, _ledger):
    other = rng.choice(cast.lots)
    return {
        "from_code": rng.choice(cast.parties),
        "to_code": rng.choice(cast.parties),
        "gtin": other["gtin"],
        "lot": other["lot"],
        "quantity": rng.choice([0, 1, 20, 80]),
    }


def inspection(rng, cast, ledger):
    other = rng.choice(cast.lots)
    return {
        "gtin": other["gtin"],
        "lot": rng.choice([other["lot"], other["lot"], None, "L9"]),
        "agency_code": rng.choice(ledger.publishers),
        "result": rng.choice(["pass", "fail", "fail"]),
        "inspected_on": ledger.day(),
    }


def recall(rng, cast, _ledger):
    other = rng.choice(cast.lots)
    return {
        "producer_code": rng.choice(cast.parties),
        "gtin": other["gtin"],
        "lots": rng.choice([[], [other["lot"]], ["L0", "L1"], ["L9"]]),
        "status": rng.choice(["open", "closed"]),
    }


def listing(rng, cast, _ledger):
    other, party = rng.choice(cast.lots), rng.choice(cast.parties)
    strange = rng.choice([names.credit_code, names.nonconforming_code, names.malformed_code])(rng)
    return {
        "seller_code": rng.choice([party, party, strange, rng.choice(names.NOTHING)]),
        "producer_code": rng.choice([party, None, strange, " "]),
        "gtin": rng.choice([other["gtin"], None, names.gtin(rng), names.wrong_gtin(rng)]),
        "lot": rng.choice([other["lot"], None, None, "L9", other["lot"].lower(), ""]),
        "licence_no": rng.choice([None, *cast.licences, "SC00000000000000", " "]),
        "status": rng.choice(["removed", "active"]),
        "sold_30d": rng.choice([0, 1, 20, 21, 500]),
    }


CHANGES = {
    "entity": entity,
    "product": product,
    "licence": licence,
    "lot": lot,
    "shipment": shipment,
    "inspection": inspection,
    "recall": recall,
    "listing": listing,
}
FREQUENCY = {
    "listing": 8,
    "shipment": 5,
    "lot": 5,
    "inspection": 3,
    "recall": 3,
    "licence": 3,
    "product": 1,
    "entity": 1,
}
