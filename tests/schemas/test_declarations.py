"""What the kinds' own files say of them is what was written down in tables of the code before they did."""

import json
import shutil

import pytest

from suyuan.domain.identifiers.gtin import gtin_form
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
from suyuan.schemas.declarations import declaration, declarations, published
from suyuan.schemas.kinds import (
    BUSINESS_KEYS,
    EVENT_KINDS,
    EVENTS,
    KINDS,
    PERSONAL,
    PUBLISHER_FIRST,
    SCHEMA_IDS,
    event_schema,
)
from suyuan.schemas.registered import built_in_ids
from suyuan.schemas.topics import topic
from suyuan.streams.stages.intake_routes import HOMED, LISTING_ROUTE, MOVES_WITH, ROUTES, Route

KEYS = {
    "listing": ("platform_code", "listing_id"),
    "entity": ("code",),
    "licence": ("licence_no",),
    "product": ("gtin",),
    "lot": ("producer_code", "gtin", "lot"),
    "shipment": ("from_code", "shipment_id", "producer_code", "gtin", "lot", "to_code", "line"),
    "inspection": ("agency_code", "report_no"),
    "recall": ("producer_code", "recall_no", "gtin"),
    "complaint": ("channel", "complaint_no"),
    "penalty": ("division", "decision_no", "subject_code"),
    "day": ("date",),
}
IDS = {
    1: ("listing", 1),
    2: ("entity", 1),
    3: ("licence", 1),
    4: ("product", 1),
    5: ("lot", 1),
    6: ("shipment", 1),
    7: ("inspection", 1),
    8: ("recall", 1),
    9: ("complaint", 1),
    10: ("penalty", 1),
    11: ("day", 1),
    12: ("shipment", 2),
}
# of each kind: codes, GTINs, texts, other numbers, lists of texts, what of them may be absent
IDENTIFYING = {
    "listing": (
        ("platform_code", "seller_code", "producer_code", "licence_no"),
        ("gtin",),
        ("category", "lot"),
        ("listing_id",),
        (),
        {"producer_code", "gtin", "lot", "licence_no"},
    ),
    "entity": (("code",), (), (), ("division",), (), {"division"}),
    "licence": (("licence_no", "holder_code"), (), (), (), ("categories",), set()),
    "product": (("producer_code",), ("gtin",), ("category",), (), (), set()),
    "lot": (("producer_code",), ("gtin",), ("lot",), (), (), set()),
    "shipment": (
        ("from_code", "producer_code", "to_code"),
        ("gtin",),
        ("lot",),
        ("shipment_id", "line"),
        (),
        {"line"},
    ),
    "inspection": (("agency_code", "producer_code"), ("gtin",), ("lot",), ("report_no",), (), {"lot"}),
    "recall": (("producer_code",), ("gtin",), (), ("recall_no",), ("lots",), set()),
    "complaint": (
        ("platform_code", "subject_code"),
        (),
        ("category",),
        ("complaint_no", "listing_id"),
        (),
        {"platform_code", "subject_code", "listing_id"},
    ),
    "penalty": (("subject_code",), (), (), ("division", "decision_no"), (), set()),
    "day": ((), (), (), (), (), set()),
}
# in the order in which they are told
JUDGED = {
    "entity": ("code",),
    "licence": ("holder_code",),
    "product": ("producer_code",),
    "lot": ("producer_code",),
    "shipment": ("producer_code", "from_code", "to_code"),
    "inspection": ("producer_code", "agency_code"),
    "recall": ("producer_code",),
    "complaint": ("subject_code",),
    "penalty": ("subject_code",),
}
PAST = {"inspection": ("inspected_on",), "lot": ("produced_on",), "penalty": ("decided_on",)}
COUNTED = {"listing": ("price_fen", "sold_30d"), "lot": ("quantity",), "shipment": ("quantity",)}
FREE_TEXTS = {"title", "name", "producer_name", "reason", "ground", "ship_from", "url"}
NAMES = {"categories", "failed_items"}
LOT = ("producer_code", "gtin", "lot")
RECORDS = {
    "entity": (Route("producer.record", "code"),),
    "penalty": (Route("producer.record", "subject_code"),),
    "licence": (Route("producer.record", "holder_code"),),
    "product": (Route("producer.record", "producer_code"),),
    "lot": (Route("producer.record", "producer_code"),),
    "shipment": (Route("producer.record", "producer_code"),),
    "inspection": (Route("producer.record", "producer_code", LOT),),
    "recall": (Route("producer.record", "producer_code"),),
    "complaint": (Route("risk.record", "listing_key", ("listing_key",)),),
    "day": (Route("producer.record", "*"), Route("risk.record", "*")),
}


def test_ids_on_the_wire_never_change():
    assert {number: SCHEMA_IDS[number] for number in IDS} == IDS


def test_keys_never_change():
    assert {kind: BUSINESS_KEYS[kind] for kind in KEYS} == KEYS
    assert KINDS[: len(KEYS)] == tuple(KEYS)
    assert PUBLISHER_FIRST & KEYS.keys() == {"listing", "lot", "shipment", "inspection", "recall", "penalty"}


@pytest.mark.parametrize("kind", KEYS)
def test_identifiers_are_what_they_were(kind):
    codes, gtins, texts, numbers, lists, optional = IDENTIFYING[kind]
    rules = EVENT_KINDS[kind]
    assert (rules.codes, rules.gtins, rules.texts, rules.numbers, rules.text_lists) == (
        codes, gtins, texts, numbers, lists,
    )  # fmt: skip
    assert rules.optional & rules.identifiers.keys() == optional
    assert list(rules.identifiers.items()) == [
        *((name, number_form) for name in ("event_id", *numbers)),
        *((name, code_form) for name in ("publisher", *codes)),
        *((name, gtin_form) for name in gtins),
        *((name, text_form) for name in texts),
    ]
    needed = [name for name in ("event_id", "publisher", *codes, *gtins, *texts, *numbers) if name not in optional]
    assert list(rules.required) == needed
    assert [name for name in needed if name not in rules.needed] == (["seller_code"] if kind == "listing" else [])


@pytest.mark.parametrize("kind", KEYS)
def test_what_is_refused_is_what_was(kind):
    rules = EVENT_KINDS[kind]
    assert tuple(name for name in rules.must_match if name in rules.codes) == JUDGED.get(kind, ())
    assert {name for name in rules.must_match if name in rules.gtins} == (
        set() if kind == "listing" else set(rules.gtins)
    )
    assert (rules.past, rules.counted) == (PAST.get(kind, ()), COUNTED.get(kind, ()))
    assert rules.personal == (kind in PERSONAL) == (kind == "complaint")
    assert rules.of("pseudonym") == (("complainant",) if kind == "complaint" else ())
    assert rules.lists_of("lot") == (("lots",) if kind == "recall" else ())


@pytest.mark.parametrize("kind", KEYS)
def test_cells_are_what_they_were(kind):
    fields = event_schema(kind).fields
    assert {each.name for each in fields if each.form == "free" and each.items is None} == FREE_TEXTS & {
        each.name for each in fields
    }
    lists = {each.name for each in fields if each.items is not None and each.items.type == "string"}
    assert {each.name for each in fields if each.name in lists and each.form != "lot"} == NAMES & lists


def test_records_go_where_they_went():
    assert {kind: ROUTES[kind] for kind in RECORDS} == RECORDS
    assert ROUTES["listing"] == ()
    assert [kind for kind in HOMED if kind in KEYS] == ["licence", "product"]
    assert LISTING_ROUTE == ("seller_code", "producer_code", "gtin", "lot")
    assert {kind: MOVES_WITH[kind] for kind in KEYS} == dict.fromkeys(KEYS, ()) | {
        "listing": LISTING_ROUTE,
        "inspection": LOT,
        "complaint": ("platform_code", "listing_id"),
    }


def test_every_route_leads_to_a_stage_that_takes_records():
    assert {topic(route.topic).schema for routes in ROUTES.values() for route in routes} == {"record"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_registry_knows_the_file_as_it_stands(kind):
    """What is ours in it is no part of the schema: who registered it with, or without, is read all the same."""
    whole = (EVENTS / f"{kind}.avsc").read_text()
    bare = json.dumps(published(json.loads(whole)))
    assert built_in_ids(kind, [(7, whole), (8, bare)]) == dict.fromkeys((7, 8), event_schema(kind).schema_id)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda avro: avro | {"kye": ["code"]}, "kye: not one of ids, key, owner"),
        (lambda avro: avro | {"personal": "no"}, "personal is 'no', not a bool"),
        (lambda avro: avro | {"key": ["kode"]}, "key: there is no field 'kode'"),
        (lambda avro: avro | {"key": []}, "key is empty: name what tells one record"),
        (lambda avro: avro | {"ids": [0]}, r"ids is \[0\]: write a whole number above 0"),
        (lambda avro: avro | {"owner": "name"}, "owner is 'name': only the first field of the key can be it, 'code'"),
        (lambda avro: avro | {"name": "firm"}, "name is 'firm': a kind is called as its file is"),
        (
            lambda avro: avro | {"routes": [{"topic": "producer.record", "by": "kode"}]},
            "routes: .* and by: a field, or",
        ),
        (lambda avro: {name: part for name, part in avro.items() if name != "ids"}, "'ids' is missing"),
        (lambda avro: with_mark(avro, "name", form="text "), "name: form 'text ' is not one of code, gtin, lot"),
        (lambda avro: with_mark(avro, "status", form="text"), "field status: form is of texts"),
        (lambda avro: with_mark(avro, "name", must_match=True), "field name: must_match is of codes and GTINs"),
        (lambda avro: with_mark(avro, "name", past=True), "field name: past is of dates"),
        (lambda avro: with_mark(avro, "name", not_negative=True), "field name: not_negative is of whole numbers"),
        (lambda avro: with_mark(avro, "name", digits=6), "field name: digits is of numbers alone"),
        (lambda avro: with_mark(avro, "division", digits=-1), "field division: digits is of numbers alone"),
        (lambda avro: with_mark(avro, "division", digits="6"), "division: digits is '6', not a int"),
        (lambda avro: with_mark(avro, "code", must_match=1), "code: must_match is 1, not a bool"),
        (lambda avro: with_mark(avro, "code", mustmatch=True), "field code: mustmatch: not one of form, must_match"),
    ],
)
def test_what_makes_no_sense_is_refused(change, says, tmp_path):
    path = tmp_path / "entity.avsc"
    path.write_text(json.dumps(change(json.loads((EVENTS / "entity.avsc").read_bytes()))))
    with pytest.raises(ValueError, match=f"^{path}: .*{says}"):
        declaration(path)


def test_numbers_that_have_so_many_digits():
    assert {kind: rules.digits for kind, rules in EVENT_KINDS.items() if rules.digits} == {
        "bureau": {"division": 6, "handled_by": 6},
        "officer": {"bureau": 6},
    }
    assert ROUTES["bureau"] == (Route("risk.record", "*"),)


def test_an_id_stands_for_one_schema(tmp_path):
    events = tmp_path / "events"
    shutil.copytree(EVENTS, events)
    path = events / "lot.avsc"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"ids": [5, 7]}))
    with pytest.raises(ValueError, match=r"id 7 is given twice, in (lot|inspection)\.avsc, (lot|inspection)\.avsc"):
        declarations(events)


def with_mark(avro, name, **marks):
    """The field with other marks."""
    return avro | {"fields": [field | marks if field["name"] == name else field for field in avro["fields"]]}
