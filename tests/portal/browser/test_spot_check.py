"""An officer plans a spot check, freezes, waits for the randomness, draws and publishes; a stranger reads it and
verifies the files. In the browser, in both languages, and without scripts.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time

import httpx
import pytest
from playwright.sync_api import expect

from suyuan.access.principal import Role
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.randomness import commitment
from suyuan.portal.pages.words import words
from tests.portal.browser.market import SELLER
from tests.portal.browser.site import serious
from tests.portal.browser.test_every_page import NARROW, WIDE, fits, shoot
from tests.spot_checks import SECRETS

BUREAU = "330106"
SECONDS = 40
"""from the plan to the randomness"""


def plan(made, language, seconds=SECONDS):
    """Fills in the form; the number of the check, and when its randomness is due."""
    page = made.page
    made.open(f"/checks/plan?bureau={BUREAU}")
    number = re.search(rf"{BUREAU}-\d{{4}}-\d+", page.locator("form.plan").inner_text())[0]
    due = int(time.time()) + seconds
    shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(due + 8 * 3600))
    parties = [f"{name}, {commitment(number, name, secret)}, {'00' * 32}" for name, secret in SECRETS.items()]
    fields = {
        "title": {"zh": "网售蜂蜜抽查", "en": "honey sold online"}[language],
        "item_no": "F-12",
        "population": "seller_division = '330106' and verdict != 'complete'",
        "column": "category",
        "strata": "honey, 6",
        "weights": "3 verdict = 'contradicted'",
        "officers": "A-17, 食品科, 3, food\nB-02, 食品科, 3, food\nA-09, 二科, 9\nC-11, 二科, 9, reserve",
        "recusals": f"A-09, {SELLER}, relative",
        "parties": "\n".join(parties),
        "at": shown,
    }
    page.locator('[name="item_class"]').select_option("key")
    page.locator('[name="source"]').select_option("commit_reveal")
    for name, value in fields.items():
        page.locator(f'form.plan [name="{name}"]').fill(value)
    return number, due


def press(page, act):
    page.locator(f'form:has(input[name="act"][value="{act}"]) button').click()


def shoot_both(page, name, language):
    shoot(page, name, language, WIDE)
    assert fits(page)
    shoot(page, name, language, NARROW)
    assert fits(page)
    page.set_viewport_size({"width": WIDE, "height": 900})


@pytest.mark.real_time
@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_the_plan_to_what_a_stranger_verifies(visit, site, axe, tmp_path, language):
    said = words(language)
    made = visit(Role.REGULATOR, language, viewport={"width": WIDE, "height": 900})
    page = made.page
    number, due = plan(made, language)
    page.locator('form.plan [name="strata"]').fill("honey, none")
    page.locator("form.plan button").click()
    expect(page.locator("#fault-strata")).to_be_visible()
    shoot_both(page, "check-plan-refused", language)
    page.locator('form.plan [name="strata"]').fill("honey, 6")
    page.locator("form.plan button").click()
    expect(page.locator("[data-done]")).to_be_visible()
    press(page, "freeze")
    expect(page.locator(".stage")).to_contain_text(said("check_stage.freeze"))
    expect(page.locator(".clock").first).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    shoot_both(page, "check-frozen", language)
    assert serious(page, axe) == []
    public = visit(None, language, viewport={"width": WIDE, "height": 900})
    site.wait(lambda: httpx.get(f"{site.url}/public/checks/{number}", trust_env=False).status_code == 200)
    public.open(f"/public/checks/{number}")
    assert "F-12" not in public.page.locator("main").inner_text(), "told when it is published"
    shoot_both(public.page, "public-check-frozen", language)
    # it reads itself anew when it is due
    expect(page.locator('[name="reveal"]').first).to_be_visible(timeout=(SECONDS + 60) * 1000)
    assert time.time() >= due
    for place, secret in enumerate(SECRETS.values()):
        page.locator('[name="reveal"]').nth(place).fill(secret)
    press(page, "randomness")
    expect(page.locator(".stage")).to_contain_text(said("check_stage.randomness"))
    press(page, "draw")
    expect(page.locator("#drawn tbody tr")).to_have_count(6)
    expect(page.locator("#recused-1")).to_contain_text("A-09")
    shoot_both(page, "check-drawn", language)
    assert serious(page, axe) == []
    press(page, "publish")
    expect(page.locator("#files tbody tr")).to_have_count(len(FILES))
    shoot_both(page, "check-published", language)
    site.wait(lambda: httpx.get(f"{site.url}/public/checks/{number}/verify.py", trust_env=False).status_code == 200)
    public.open(f"/public/checks/{number}")
    expect(public.page.locator("#drawn tbody tr")).to_have_count(6)
    shoot_both(public.page, "public-check", language)
    assert serious(public.page, axe) == []
    verifies(public.page, tmp_path)
    made.open(f"/checks?bureau={BUREAU}")
    shoot_both(page, "checks-some", language)
    public.open("/public/checks")
    shoot_both(public.page, "public-checks", language)
    assert serious(public.page, axe) == []
    made.is_clean()
    public.is_clean()


def verifies(page, folder):
    """A stranger fetches the files by their links, and runs the one."""
    for link in page.locator("#files a").all():
        with page.expect_download() as fetched:
            link.click()
        fetched.value.save_as(folder / fetched.value.suggested_filename)
    command = [sys.executable, "-I", "verify.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout.count("OK  ")) == (0, 5), done.stdout


def test_without_scripts_it_is_planned_and_given_up(visit, site):
    made = visit(Role.REGULATOR, java_script_enabled=False)
    page = made.page
    number, _ = plan(made, "zh", seconds=3600)
    page.locator("form.plan button").click()
    assert page.locator("[data-done]").is_visible()
    press(page, "freeze")
    expect(page.locator(".stage")).to_contain_text(words("zh")("check_stage.freeze"))
    page.locator("details:has(textarea[name='reason']) summary").click()
    page.locator("textarea[name='reason']").fill("漏了一层")
    press(page, "cancel")
    expect(page.locator(".stage")).to_contain_text(words("zh")("check_stage.cancel"))
    site.wait(lambda: "漏了一层" in httpx.get(f"{site.url}/public/checks/{number}", trust_env=False).text)
