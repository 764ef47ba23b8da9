"""The API is what its description says, whatever is sent: requests made of it at random, a few of each operation."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from suyuan.access.policy import ACTIONS
from suyuan.access.principal import Role
from tests.portal.worlds import B

few = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PASSED_ON = {"content-type", "accept"}


@pytest.fixture(scope="module")
def schema(portal):
    return schemathesis.openapi.from_dict(portal.client().get("/api/v1/openapi.json").json())


def in_a_form(value):
    """A field of a form that httpx can send: it takes the numbers that are made of it now and then for files."""
    name, content, *more = value if isinstance(value, tuple) else (None, value)
    return name, content if isinstance(content, str | bytes) else str(content), *more


def asked(operation, client, action):
    """Ask a few times, as the description allows."""

    @few
    @given(case=operation.as_strategy())
    def ask(case):
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8765")
        headers = {name: value for name, value in sent.pop("headers").items() if name.lower() in PASSED_ON}
        sent.pop("cookies", None)
        if operation.path.endswith("/live"):  # a stream goes on for as long as it is not told otherwise
            sent["params"] = {**(sent.get("params") or {}), "seconds": 0}
        if sent.get("files"):
            sent["files"] = [(name, in_a_form(value)) for name, value in sent["files"]]
        answer = client.request(**sent, headers=headers)
        assert answer.status_code < 500, (sent, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        if action.object != "grant":
            assert B.mark not in answer.text

    ask()


def test_no_request_of_the_description_fails_or_tells_of_another_world(portal, schema):
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        action = ACTIONS[operation.definition.raw["x-suyuan-action"]]
        role = min(
            sorted(action.roles or ()), key=lambda role: role not in {Role.REGULATOR, Role.PLATFORM}, default=None
        )
        asked(operation, portal.client(role, "A"), action)
    assert len(operations) >= 10
