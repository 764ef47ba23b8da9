"""Another site, on another port of the same machine, to which browsers give our cookies all the same."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import expect

from suyuan.access.principal import Role
from suyuan.portal.pages.words import words
from tests.portal.browser.site import entered


@contextmanager
def another_site(page):
    """Its address, where it shows a page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_a_form_of_another_site_does_nothing_though_the_cookie_comes_with_it(chromium, site):
    context = entered(chromium, site, Role.ADMIN)
    page = context.new_page()
    fields = {"role": "admin", "name": "evil", "csrf": "0" * 64}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    form = f'<form method="post" action="{site.url}/access">{inputs}<button>send</button></form>'
    with another_site(form) as address:
        page.goto(address)
        with page.expect_request(f"{site.url}/access") as sent:
            page.locator("button").click()
        headers = sent.value.all_headers()
        assert (headers["origin"], "cookie" in headers) == (address.rstrip("/"), True)
        expect(page.locator("h1")).to_have_text(words("zh")("problem.foreign-request"))
    assert "evil" not in site.get("/api/v1/access", Role.ADMIN).text
    context.close()


def test_our_own_forms_say_where_they_come_from_and_addresses_are_not_told_to_others(chromium, site):
    """Why the policy is same-origin: of a page with no-referrer, Chromium sends `Origin: null`."""
    context = entered(chromium, site, Role.ADMIN)
    page = context.new_page()
    page.goto(f"{site.url}/access")
    page.locator("summary").first.click()  # to make one; another folds those away that are over
    for name, value in {"name": "浙江", "division": "33"}.items():
        page.locator(f"input[name={name}]").fill(value)
    page.locator("select[name=role]").select_option("regulator")
    assert origin_of(page, "form.form button[type=submit]") == site.url
    page.locator("#secret").wait_for()
    with another_site("<h1>elsewhere</h1>") as address:
        with page.expect_request(address) as asked:
            page.evaluate("address => { location.href = address }", address)
        assert "referer" not in asked.value.all_headers()
    form = f'<meta name="referrer" content="no-referrer"><form method="post" action="{site.url}/access"><button>send'
    with another_site(form) as address:
        page.goto(address)
        assert origin_of(page, "button") == "null"
    context.close()


def origin_of(page, button):
    """What the form of a button says of where it comes from."""
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator(button).click()
    return sent.value.all_headers()["origin"]
