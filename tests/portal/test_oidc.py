"""Signing in by an identity provider, which may be wrong, late, or have been turned over to other keys."""

from __future__ import annotations

import logging
import time
import warnings
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.log import Log, TopicConfig
from suyuan.portal.app import make_app
from suyuan.portal.ports import Ports
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.schemas.topics import TOPICS
from tests.portal.identity_provider import CLIENT, IdentityProvider

with warnings.catch_warnings(action="ignore"):
    from starlette.testclient import TestClient

HERE = "http://127.0.0.1:8765"
COOKIE = "suyuan-session-8765"
ROLES = """
claim = "groups"
[[role]]
value = "hangzhou"
role = "regulator"
division = "3301"
[[role]]
value = "keys"
role = "admin"
"""


@pytest.fixture(scope="module")
def provider():
    made = IdentityProvider()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _right(provider):
    provider.right()


@pytest.fixture(scope="module")
def settings(provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "roles.toml").write_text(ROLES, encoding="utf-8")
    with Log.open(folder / "data", role="publish", fsync="never") as log:
        for topic in TOPICS:
            log.create_topic(topic.name, 1, TopicConfig(topic.compacted))
    return Settings(
        data=folder / "data",
        portal_origin=HERE,
        oidc_issuer=provider.url,
        oidc_client_id=CLIENT,
        oidc_client_secret="not for others",  # noqa: S106 -- of this test
        oidc_roles=folder / "roles.toml",
    )


@pytest.fixture(scope="module")
def root(settings):
    app = make_app(Ports(deployment_of(settings)), settings, lambda: time.time() + ahead[0])
    with TestClient(app, HERE, follow_redirects=False) as client:
        yield client


ahead = [0.0]


@pytest.fixture
def browser(root):
    made = TestClient(root.app, HERE, follow_redirects=False, raise_server_exceptions=False)
    made.portal = root.portal
    return made


def sent(browser, to="/"):
    answer = browser.get("/enter/oidc", params={"to": to})
    assert answer.status_code == 303
    return answer.headers["location"]


def come_back(browser, provider, to="/", **claims):
    back = provider.signs_in(sent(browser, to), **claims)
    return browser.get("/enter/callback", params=back)


def test_somebody_with_a_role_comes_in_and_is_what_the_file_says(browser, provider):
    answer = come_back(browser, provider, "/alerts", groups=["x", "hangzhou"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    page = browser.get("/", headers={"Accept": "text/html"}).text
    assert "王" in page
    assert "3301" in page
    assert browser.get("/api/v1/access").status_code == 403


def test_the_page_for_coming_in_offers_it(browser):
    assert "/enter/oidc?to=/" in browser.get("/enter").text


@pytest.mark.parametrize("groups", [None, [], ["elsewhere"], "hangzhou "])
def test_who_has_no_role_does_not_come_in(browser, provider, groups):
    answer = come_back(browser, provider, groups=groups)
    assert (answer.status_code, COOKIE in browser.cookies) == (403, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"azp": "another"},
    ],
    ids=str,
)
def test_what_the_provider_did_not_say_to_us_now_is_not_believed(browser, provider, changes, caplog):
    provider.changes = changes
    with caplog.at_level(logging.WARNING):
        answer = come_back(browser, provider, groups=["keys"])
    assert (answer.status_code, COOKIE in browser.cookies) == (401, False)
    assert "action=enter.oidc" in caplog.text


def test_what_another_key_has_signed_is_not_believed(browser, provider):
    provider.signs_with = ECKey.generate_key("P-256", auto_kid=True)
    assert come_back(browser, provider, groups=["keys"]).status_code == 401
    provider.signs_with = OctKey.import_key("x" * 32, {"kid": "x"})
    provider.headers = {"alg": "HS256"}
    assert come_back(browser, provider, groups=["keys"]).status_code == 401


def test_keys_that_were_turned_over_are_read_again_and_those_that_are_good_are_not(browser, provider):
    assert come_back(browser, provider, groups=["keys"]).status_code == 303
    read = provider.key_reads
    assert come_back(browser, provider, groups=["keys"]).status_code == 303
    assert provider.key_reads == read
    provider.rotate()
    assert come_back(browser, provider, groups=["keys"]).status_code == 303
    assert provider.key_reads == read + 1


def test_a_key_that_the_provider_gave_up_is_believed_no_longer_than_ten_minutes(browser, provider):
    assert come_back(browser, provider, groups=["keys"]).status_code == 303
    provider.signs_with = provider.key
    provider.rotate()
    ahead[0] = 601.0
    try:
        now = int(time.time() + ahead[0])
        provider.changes = {"iat": now, "exp": now + 300}
        assert come_back(browser, provider, groups=["keys"]).status_code == 401
    finally:
        ahead[0] = 0.0


def test_nobody_comes_back_who_was_not_sent(browser, provider, root):
    back = provider.signs_in(sent(browser), groups=["keys"])
    another = TestClient(root.app, HERE, follow_redirects=False)
    another.portal = root.portal
    assert another.get("/enter/callback", params=back).status_code == 403
    assert browser.get("/enter/callback", params=back | {"state": "x"}).status_code == 403
    assert browser.get("/enter/callback", params={"error": "access_denied", "state": back["state"]}).status_code == 403
    assert browser.get("/enter/callback", params=back | {"code": "nonsense"}).status_code == 401
    assert COOKIE not in browser.cookies


def test_a_code_is_good_once_and_the_browser_is_led_nowhere_else(browser, provider):
    back = provider.signs_in(sent(browser, "//evil.example"), groups=["keys"])
    kept = dict(browser.cookies)
    answer = browser.get("/enter/callback", params=back)
    assert answer.headers["location"] == "/"
    for name, value in kept.items():
        browser.cookies.set(name, value, path="/enter")
    assert browser.get("/enter/callback", params=back).status_code == 401


def test_addresses_of_the_provider_hold_no_secret(browser):
    address = sent(browser)
    assert "not+for+others" not in address
    assert "not%20for%20others" not in address
    assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fenter%2Fcallback" in address
    assert urlsplit(address).path == "/authorize"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"oidc_issuer": "http://id.example"}, "SUYUAN_OIDC_ISSUER: not an https"),
        ({"portal_origin": ""}, "SUYUAN_PORTAL_ORIGIN: needed"),
        ({"oidc_client_id": ""}, "SUYUAN_OIDC_CLIENT_ID: needed"),
        ({"oidc_roles": None}, "SUYUAN_OIDC_ROLES: needed"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, given, named):
    with pytest.raises(SuyuanError, match=named) as refused:
        make_app(None, settings.model_copy(update=given))
    assert refused.value.kind == ErrorKind.CONFIGURATION


@pytest.mark.parametrize("text", ["x", "[[role]]\nvalue='a'\nrole='king'", "[[role]]\nvalue='a'\nrole='regulator'", ""])
def test_a_file_of_roles_that_makes_no_sense_is_named(settings, tmp_path, text):
    file = tmp_path / "roles.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SuyuanError, match="SUYUAN_OIDC_ROLES"):
        make_app(None, settings.model_copy(update={"oidc_roles": file}))
