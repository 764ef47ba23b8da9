"""Whatever is put into a parameter: nobody learns of another world by it, and nothing of it becomes a statement.

What is another's is answered as what does not exist, byte for byte but for the value itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from suyuan.access.principal import Role
from suyuan.operations.alerts.cursor import write_cursor
from suyuan.portal.routers import ROUTERS
from tests.portal.worlds import SHARED, WORLDS, A, B, World
from tests.reference.spelling import CREDIT_CODE, last_check, organisation_check

ROOT = Path(__file__).parents[2]


def another_code(code, rng):
    """Of the same authority and division, and nobody's."""
    organisation = "".join(rng.choice(CREDIT_CODE) for _ in range(8))
    first17 = code[:8] + organisation + organisation_check(organisation)
    return first17 + last_check(first17)


class Nowhere(World):
    """As world B, and nothing of it is seeded."""

    def __init__(self):
        super().__init__("N", B.division)
        rng = Random("nowhere")
        self.platform, self.seller, self.producer, self.other = (
            another_code(code, rng) for code in (B.platform, B.seller, B.producer, B.other)
        )


N = Nowhere()
NAMES = {
    # of paths
    "grant_id": lambda world: f"{world.letter.lower()}aaaaaaaaaaa",
    "event_id": lambda world: world.event_ids[0],
    "publisher": lambda world: world.platform,
    "recall": lambda world: world.recall_no,
    "alert": lambda world: world.alert_ids[0],
    "order": lambda world: world.order_nos[0],
    "check_id": lambda world: world.check_id,
    "webhook": lambda world: world.letter.lower() * 12,
    "delivery": lambda world: f"{world.letter.lower() * 32}.1.{world.letter.lower() * 12}",
    "upload": lambda world: world.letter.lower() * 32,
    # of queries
    "check": lambda world: world.check_id,
    "platform": lambda world: world.platform,
    "listing": lambda world: world.listing_ids[0],
    "seller": lambda world: world.seller,
    "producer": lambda world: world.producer,
    "gtin": lambda world: world.gtin,
    "lot": lambda world: world.lot,
    "subject": lambda world: f"lot:{world.producer}/{world.gtin}/{world.lot}",
    "ids": lambda world: f"listing/{world.platform}/{world.event_ids[0]}~01234567",
    "q": lambda world: world.lot,
    "code": lambda world: world.platform,
    "owner": lambda world: world.letter.lower() * 12,
    "assignee": lambda world: world.letter.lower() * 12,
}
"""parameters that name something, and by what they name it in a world"""
OTHERS = {
    "kind": "listing",
    "whom": "seller",
    "state": "issued",
    "officer": "A-01",
    "overdue": "1",
    "version": "000000000000",
    "name": "not-found",
    "severity": "high",
    "outcome": "failed",
    "condition": "standing",
    "mine": "1",
    "handling": "open",
    "since": "2026-01-01",
    "rule": "recalled_on_sale",
    "verdict": "complete",
    "gap": "lot_unknown",
    "bureau": "51",
    "stage": "plan",
    "year": "2026",
    "first": "1",
    "prefix": "51",
    "seller_division": "51",
    "producer_division": "51",
    "listed_since": "2026-01-01T00:00:00+08:00",
    "listed_until": "2026-12-01T00:00:00+08:00",
    "known_at": "2030-01-01T00:00:00+08:00",
    "happened_by": "2030-01-01T00:00:00+08:00",
    "with": "evidence",
    "depth": "1",
    "limit": "5",
    "cursor": "x",
    "format": "csv",
    "encoding": "utf-8",
    "wait": "false",
    "seconds": "1",
    "to": "/",
    "direction": "forward",
    "view": "graph",
    "after": write_cursor("alert.state", {("alert.state", number): 0 for number in range(2)}),
}
"""parameters that name nothing"""
OF_EVERYBODY = {"/api/v1/access", "/access", "/webhooks"}
CORPUS = (
    "' OR 1=1 --",
    "') OR ('1'='1",
    "x' UNION ALL SELECT * FROM chain --",
    "'; DROP TABLE alert_history; --",
    "\\' OR 1=1 #",
    "%",
    "{scope_divisions:Array(String)}",
    "${7*7}{{7*7}}",
    "\x00",
    "⟦B⟧",
    "\u202e\u0000'\"`<script>",
    "9" * 400,
    "-1",
    "../../../etc/passwd",
)
READS = [
    pytest.param(route, id=route.path)
    for router in ROUTERS
    for route in router.routes
    if "GET" in route.methods and route.action.roles is not None
]


def in_path(route):
    return re.findall(r"{(\w+)(?::\w+)?}", route.path)


def in_query(route):
    """Its own, and those of what it depends on."""
    dependants, fields = [route.dependant], []
    for each in dependants:
        dependants += each.dependencies
        fields += each.query_params
    return {field.alias: field.field_info.is_required() for field in fields}


CHANGES = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for router in ROUTERS
    for route in router.routes
    for method in sorted(route.methods - {"GET", "HEAD"})
    if route.action.roles is not None and (in_path(route) or in_query(route))
]


def value(name, world):
    assert name in NAMES or name in OTHERS, f"say in NAMES or OTHERS what a value of {name} is"
    return NAMES[name](world) if name in NAMES else OTHERS[name]


def path_of(route, world, **instead):
    def fill(found):
        return str(instead.get(found[1], value(found[1], world)))

    return re.sub(r"{(\w+)(?::\w+)?}", fill, route.path)


ENDLESS = {"/api/v1/alerts/live": {"seconds": "0"}}
"""answers that end by themselves only so"""


def needed(route, world):
    return ENDLESS.get(route.path, {}) | {
        name: value(name, world) for name, required in in_query(route).items() if required
    }


def normal(answer, world):
    """What was answered, without the names of that world and the request's id."""
    text = re.sub(r'"request":"[0-9a-f]+"|<code>[0-9a-f]{16}</code>', "", answer.text)
    names = dict.fromkeys([*world.codes, *(make(world) for make in NAMES.values())])  # in one order for all worlds
    for number, name in sorted(enumerate(names), key=lambda each: -len(each[1])):
        text = text.replace(name, f"<{number}>")
    return answer.status_code, text


@pytest.mark.parametrize("route", READS)
def test_what_is_anothers_is_answered_as_what_does_not_exist(portal, route):
    """Path by path, parameter by parameter."""
    chosen = [[], *([name] for name, required in in_query(route).items() if name in NAMES and not required)]
    if not in_path(route) and not (set(in_query(route)) & set(NAMES)):
        return
    for role in route.action.roles:
        client = portal.client(role, "A")
        for parameters in chosen:
            answers = {}
            for world in (B, N):
                query = needed(route, world) | {name: value(name, world) for name in parameters}
                answers[world.letter] = answer = client.get(path_of(route, world), params=query)
                assert B.mark not in answer.text
            if route.path not in OF_EVERYBODY:
                assert normal(answers["B"], B) == normal(answers["N"], N), (role, parameters)


def texts_and_names(route, shape):
    """What is put where: each text into each parameter. Over a cluster, in turn: each text into one parameter at least,
    and each parameter gets one at least. How values travel to a server, whatever they are, is the tables' own contract
    (`test_values_stay_values`, tests/sinks/contract).
    """
    names = (*in_path(route), *in_query(route))
    if shape == "embedded" or not names:
        return [(text, names) for text in CORPUS]
    turns = range(max(len(CORPUS), len(names)))
    return [(CORPUS[turn % len(CORPUS)], (names[turn % len(names)],)) for turn in turns]


@pytest.mark.parametrize("route", READS)
def test_no_text_in_a_parameter_becomes_a_statement(portal, route):
    role = min(sorted(route.action.roles), key=lambda role: role not in {Role.REGULATOR, Role.PLATFORM})
    client = portal.client(role, "A")
    seen = {code for world in WORLDS.values() if world is not A for code in world.codes}
    for text, names in texts_and_names(route, portal.shape):
        for name in names:
            path = path_of(route, A, **({name: quote(text, safe="")} if name in in_path(route) else {}))
            query = needed(route, A) | ({name: text} if name in in_query(route) else {})
            answer = client.get(path, params=query)
            assert answer.status_code < 500, (name, text, answer.text)
            if route.path not in OF_EVERYBODY:
                told = answer.text.replace(text, "")
                assert [code for code in seen if code in told] == [], (name, text)
                assert B.mark not in told, (name, text)


@pytest.mark.parametrize(("route", "method"), CHANGES)
def test_no_text_in_a_parameter_of_what_changes_something_becomes_a_statement(portal, route, method):
    """Nothing is sent in the body: what is done to it is told by the parameters alone."""
    role = min(sorted(route.action.roles), key=lambda role: role is not Role.PLATFORM)
    client = portal.client(role, "A")
    for text in CORPUS:
        for name in (*in_path(route), *in_query(route)):
            path = path_of(route, A, **({name: quote(text, safe="")} if name in in_path(route) else {}))
            query = needed(route, A) | ({name: text} if name in in_query(route) else {})
            answer = client.request(method, path, params=query)
            assert answer.status_code < 500, (name, text, answer.text)
            assert B.mark not in answer.text.replace(text, ""), (name, text)


def test_every_row_is_still_there(portal):
    """After all that was tried above."""
    reader = portal.clickhouse.writer
    counts = [
        reader.query(query).result_rows[0][0]
        for query in ("SELECT count() FROM chain_current", "SELECT count() FROM alert_current")
    ]
    seeded = [sum(len(getattr(world, rows)) for world in WORLDS.values()) for rows in ("chains", "alerts")]
    assert counts == [seeded[0], seeded[1] + 1]  # with that of both worlds


LISTS = {
    "/api/v1/alerts": ("alerts", "alert_id", lambda row: (-row["raised_at"], row["alert_id"])),
    "/api/v1/chains": ("chains", "listing_id", lambda row: (row["platform_code"], row["listing_id"])),
}
"""each list of rows that both worlds have: of whom, by what, in which order"""
OTHER_LISTS = {
    "/api/v1/alerts/{alert}/history": "tests/portal/test_alerts.py",
    "/api/v1/alerts/{alert}/listings": "tests/portal/test_alerts.py",
    "/alerts/{alert}/listings": "tests/portal/test_alert_pages.py",
    "/api/v1/feedback": "tests/portal/test_pages.py",
    "/api/v1/chains/{platform}/{listing:path}/history": "tests/portal/test_investigation.py",
    "/api/v1/checks": "tests/portal/test_checks.py",
    "/checks": "tests/portal/test_check_pages.py",
    "/api/v1/rejections": "tests/portal/test_publish.py",
    "/alerts": "tests/portal/test_alert_pages.py",
    "/api/v1/webhooks/{webhook}/deliveries": "tests/portal/test_webhooks.py",
    "/webhooks/{webhook}": "tests/portal/test_webhooks.py",
    "/chains": "tests/portal/test_investigation_pages.py",
    "/listings": "tests/portal/test_pages.py",
    "/api/v1/orders": "tests/portal/test_orders.py",
    "/orders": "tests/portal/test_orders.py",
}
"""lists of something else, and who holds them to what is there"""


def test_each_list_is_held_to_all_rows_filtered_one_by_one():
    lists = {route.path for param in READS for route in param.values[:1] if "cursor" in in_query(route)}
    assert lists == set(LISTS) | set(OTHER_LISTS), "say in LISTS what a list holds, or in OTHER_LISTS who tests it"
    assert all((ROOT / file).is_file() for file in OTHER_LISTS.values())


def platforms_of(row):
    return {each["platform_code"] for each in row["platforms"]} if "platforms" in row else {row["platform_code"]}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("role", [Role.REGULATOR, Role.INVESTIGATOR, Role.PLATFORM])
def test_a_list_is_what_a_naive_filter_of_all_rows_gives(portal, path, role):
    rows, key, order = LISTS[path]
    everything = [row for world in WORLDS.values() for row in getattr(world, rows)]
    everything += [SHARED] if rows == "alerts" else []
    for world in WORLDS.values():
        in_scope = {
            Role.PLATFORM: lambda row, world=world: world.platform in platforms_of(row),
        }.get(role, lambda row, world=world: (row.get("seller_division") or "").startswith(world.division[:4]))
        wanted = [row[key] for row in sorted(filter(in_scope, everything), key=order)]
        found = portal.client(role, world.letter).get(path, params={"limit": 200}).json()["rows"]
        assert [row[key] for row in found] == wanted
