"""An operator's journeys in a real browser, and those of staff who read Chinese, on a phone."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import NARROW, SMALLEST
from tests.browser.pages import has_room
from tests.integration.gallery.staff import PAGE, PASSWORD, issue
from tests.parts import make_miniprogram, new_appid

pytestmark = pytest.mark.browser


def fill_in(page: Page, appid: str, secret: str) -> None:
    page.get_by_label("AppID").fill(appid.upper())
    page.get_by_label("Name", exact=False).first.fill("Lantern Tea House")
    page.locator("[name=app_secret]").fill(secret)
    page.get_by_text("Status, sandbox and notes").click()
    page.locator("[name=is_sandbox]").check()


def test_an_operator_adds_a_mini_program_and_sees_its_token_turn_green(page: Page, log_in: Any, sandbox: Any) -> None:
    appid, secret = new_appid(), secrets.token_hex(16)
    sandbox.register(appid, secret, released_pages=[PAGE])
    log_in(page)
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Admin").click()
    page.get_by_role("link", name="Add the first one").click()
    fill_in(page, appid, secret)
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.get_by_role("row", name=re.compile("Lantern Tea House"))
    expect(row.locator(".token-pill.is-good")).to_have_text("OK")
    row.get_by_role("link", name=re.compile("Lantern Tea House")).click()
    panel = page.get_by_role("region", name="Access token")
    expect(panel.locator(".token-pill.is-good").first).to_have_text("OK")
    assert secret not in page.content()


def test_a_wrong_secret_is_told_on_the_form_and_loses_nothing(page: Page, log_in: Any, sandbox: Any) -> None:
    appid, secret = new_appid(), secrets.token_hex(16)
    sandbox.register(appid, secret, released_pages=[PAGE])
    log_in(page)
    page.goto("/admin/miniprograms/miniprogram/add/")
    fill_in(page, appid, secrets.token_hex(16))
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("40125").first).to_be_visible()
    field = page.locator("[name=app_secret]")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(page.get_by_label("Name", exact=False).first).to_have_value("Lantern Tea House")
    field.fill(secret)
    page.get_by_role("button", name="Save and continue editing").click()
    panel = page.get_by_role("region", name="Access token")
    expect(panel.locator(".token-pill").first).to_have_text("OK")
    # a wrong one over the good one changes nothing
    field.fill(secrets.token_hex(16))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(field).to_be_focused()
    expect(page.locator(".messagelist li")).to_have_count(0)
    expect(panel.locator(".token-pill").first).to_have_text("OK")


def test_filters_on_a_phone_are_above_the_list_and_folded_away(page: Page, log_in: Any, sandbox: Any) -> None:
    for number in range(3):
        make_miniprogram(sandbox, name=f"Shop {number}")
    log_in(page)
    page.goto("/admin/miniprograms/miniprogram/")
    filters, switch = page.locator("#changelist-filter"), page.locator(".filter-switch summary")
    expect(filters).to_be_visible()
    expect(switch).to_be_hidden()
    page.set_viewport_size(NARROW)
    expect(filters).to_be_hidden()
    switch.click()
    expect(filters).to_be_visible()
    tops = [page.locator(name).bounding_box() for name in (".filter-switch", "#changelist-filter", "#result_list")]
    heights = [box["y"] for box in tops if box]
    assert heights == sorted(heights) and len(heights) == 3 and has_room(page)


def test_staff_make_find_and_download_a_code_in_chinese_on_a_phone(
    new_page: Callable[..., Page], staff: User, sandbox: Any, tmp_path: Path
) -> None:
    miniprogram = make_miniprogram(sandbox, name="灯笼茶馆", default_page=PAGE)
    issue(miniprogram, "other=1", label="门口")
    page = new_page(viewport=NARROW, locale="zh-CN")
    page.goto("/")
    page.get_by_label("用户名").fill(staff.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("navigation").get_by_role("link", name="生成小程序码").click()
    page.locator("[name=scene]").fill("table=3")
    page.locator("[name=label]").fill("靠窗 3 号桌")
    page.locator("form.make button.button[type=submit], form button.button[type=submit]").last.click()
    page.wait_for_url("**/make/?made=*")
    page.goto("/")
    page.get_by_role("searchbox").fill("靠窗")
    expect(page.get_by_role("link", name="门口")).to_have_count(0)
    page.get_by_role("link", name="靠窗 3 号桌").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("下载.*430")).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.stat().st_size == IssuedCode.objects.get(scene="table=3").image_size


def test_the_language_is_switched_on_the_page_and_stays_switched(page: Page, log_in: Any, sandbox: Any) -> None:
    make_miniprogram(sandbox)
    log_in(page)
    page.goto("/")
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="管理后台首页")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("navigation").get_by_role("link", name="Create code")).to_be_visible()


def test_dates_stand_in_the_browsers_zone(page: Page, new_page: Callable[..., Page], log_in: Any, sandbox: Any) -> None:
    code = issue(make_miniprogram(sandbox), "a=1")
    shown = set()
    for each in page, new_page(timezone_id="America/New_York"):
        each.goto("/login/")
        log_in(each)
        each.goto(f"/codes/{code.pk}/")
        here = each.evaluate(
            """moment => { const two = n => String(n).padStart(2, '0'); const at = new Date(moment)
                 return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
                        `${two(at.getHours())}:${two(at.getMinutes())}` }""",
            code.issued_at.isoformat(),
        )
        expect(each.locator("main")).to_contain_text(here)
        shown.add(here)
    assert len(shown) == 2
    assert MiniProgram.objects.count() == 1


def test_a_new_key_fits_on_a_phone_and_is_copied_whole(page: Page, log_in: Any) -> None:
    client, old = create_client(name="till", scopes=["tokens:read"])
    page.set_viewport_size(SMALLEST)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in(page)
    page.goto(f"/admin/clients/apiclient/{client.pk}/change/")
    page.get_by_role("button", name="Rotate key").click()
    page.get_by_role("button", name="Create new key").click()
    shown = page.locator("#key")
    expect(shown).to_contain_text("wxc_")
    assert has_room(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown.text_content() and copied.startswith("wxc_") and copied != old
