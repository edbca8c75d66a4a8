"""Staff at work in a real browser: log in, make a code, find it, download it. Every page is watched (conftest.py)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from playwright.sync_api import Page, expect

from apps.codes.models import IssuedCode
from apps.gallery.browsing import PAGE_SIZE
from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import NARROW
from tests.integration.gallery.staff import PASSWORD, copy_rows, issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.browser
CODE = "/wxa/getwxacodeunlimit"


def test_from_nothing_to_a_downloaded_code(page: Page, staff: User, miniprogram: MiniProgram, tmp_path: Path) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(staff.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Create your first code").click()
    page.get_by_label("Scene").fill("table=7")
    expect(page.get_by_text("7 / 32")).to_be_visible()
    page.get_by_label("Label").fill("By the window")
    page.get_by_role("button", name="Create code").click()
    result = page.get_by_role("region", name="Result")
    expect(result.get_by_text("Created and saved")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Gallery").click()
    page.get_by_role("link", name="By the window").click()
    expect(page.get_by_role("img", name="Mini-program code for the scene table=7")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download 430 px")).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    with default_storage.open(IssuedCode.objects.get().image) as file:
        assert saved.read_bytes() == file.read()


def test_a_wrong_scene_is_said_while_typing_and_in_place_after_sending(
    page: Page, log_in: Any, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = ("400 (Bad Request)",)
    log_in(page)
    page.goto("/make/")
    scene = page.get_by_label("Scene")
    scene.press_sequentially("桌")
    expect(page.locator("#scene-check")).to_contain_text("'桌' at ")
    page.get_by_role("button", name="Create code").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was created")
    expect(scene).to_be_focused()
    expect(scene).to_have_value("桌")


def test_a_page_that_wechat_does_not_know_is_explained_at_the_field_and_used_without_the_check(
    page: Page, log_in: Any, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = ("422 (Unprocessable",)
    log_in(page)
    page.set_viewport_size(NARROW)
    page.goto("/make/")
    page.get_by_label("Scene").fill("a=1")
    field = page.get_by_label("Page", exact=True)
    field.fill("pages/none/none")
    page.get_by_role("button", name="Create code").click()
    expect(field).to_be_focused()
    expect(field).to_have_value("pages/none/none")
    expect(page.get_by_text("does not exist in the published version")).to_be_in_viewport()
    expect(page.get_by_text("errcode 41030")).to_be_hidden()
    # Enter asks again, as before
    field.press("Enter")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Turn off the check and create").click()
    expect(page.get_by_text("Created and saved")).to_be_visible()
    code = IssuedCode.objects.get()
    assert (code.page, code.check_path) == ("pages/none/none", False)


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 640}, NARROW])
def test_what_a_button_asks_is_never_below_the_fold(
    page: Page, log_in: Any, miniprogram: MiniProgram, viewport: Any
) -> None:
    code = issue(miniprogram, "a=1")
    log_in(page)
    page.set_viewport_size(viewport)
    page.goto(f"/codes/{code.pk}/")
    summaries = page.locator("details.confirm > summary")
    for number in range(summaries.count()):
        summary = summaries.nth(number)
        box = page.locator("details.confirm").nth(number).locator(".confirm-box")
        for by_keyboard in (False, True):
            page.evaluate("scrollTo(0, 0)")
            # as low on the page as a reader may see it
            summary.evaluate("each => scrollBy(0, each.getBoundingClientRect().bottom - innerHeight + 2)")
            if by_keyboard:
                summary.press("Enter")
            else:
                summary.click()
            expect(box).to_be_in_viewport(ratio=1)
            page.keyboard.press("Escape")
            expect(box).to_be_hidden()


def test_what_was_done_is_told_once_and_undone_at_once(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    code = issue(miniprogram, "a=1")
    log_in(page)
    page.goto(f"/codes/{code.pk}/")
    page.get_by_role("button", name="Archive").click()
    told = page.locator(".told", has_text="Code archived")
    expect(told).to_be_visible()
    # it stays, with its button, and is no message that goes by itself
    expect(told).to_have_css("position", "static")
    page.reload()
    expect(page.get_by_role("button", name="Restore")).to_be_visible()
    expect(page.get_by_text("Code archived")).to_be_hidden()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Restore")).to_be_visible()


def test_choosing_a_mini_program_fills_in_its_defaults_and_keeps_the_scene(
    page: Page, log_in: Any, sandbox: Any, miniprogram: MiniProgram
) -> None:
    other = make_miniprogram(sandbox, name="Museum", default_page="pages/detail/detail", env_version="trial")
    log_in(page)
    page.goto("/make/")
    page.get_by_label("Scene").fill("a=1")
    page.get_by_label("Mini-program").select_option(other.appid)
    expect(page.get_by_label("Page", exact=True)).to_have_value("pages/detail/detail")
    expect(page.get_by_label("Version")).to_have_value("trial")
    expect(page.get_by_label("Scene")).to_have_value("a=1")


def test_a_double_click_asks_wechat_once(page: Page, log_in: Any, sandbox: Any, miniprogram: MiniProgram) -> None:
    sandbox.latency(0.5, endpoint=CODE)
    log_in(page)
    page.goto("/make/")
    page.get_by_label("Scene").fill("a=1")
    page.get_by_role("button", name="Create code").dblclick(no_wait_after=True)
    expect(page.get_by_text("Created and saved")).to_be_visible()
    assert sandbox.count(CODE) == 1


def test_typing_searches_and_the_address_can_be_sent_on(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    issue(miniprogram, "table=7", label="Window")
    issue(miniprogram, "x=1", label="Door")
    log_in(page)
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("window")
    expect(page.get_by_role("link", name="Door")).to_have_count(0)
    expect(page.get_by_role("link", name="Window", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?q=window$"))
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("window")
    expect(page.get_by_role("link", name="Door")).to_have_count(0)


def test_more_codes_follow_in_place_and_the_focus_goes_to_them(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE + 9)
    log_in(page)
    page.goto("/")
    cards = page.locator(".card")
    expect(cards).to_have_count(PAGE_SIZE)
    page.get_by_role("link", name="Load more").click()
    expect(cards).to_have_count(PAGE_SIZE + 10)
    expect(cards.nth(PAGE_SIZE).get_by_role("link")).to_be_focused()
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)


def test_arrow_keys_lead_to_the_neighbours(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    older, newer = issue(miniprogram, "a=1"), issue(miniprogram, "a=2")
    log_in(page)
    page.goto(f"/codes/{newer.pk}/")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(f"/codes/{older.pk}/$"))
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(f"/codes/{newer.pk}/$"))


def test_the_scene_is_copied(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    code = issue(miniprogram, "table=7")
    log_in(page)
    page.goto("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/codes/{code.pk}/")
    page.get_by_role("button", name="Copy scene").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "table=7"


def test_everything_works_without_javascript(
    new_page: Callable[..., Page], log_in: Any, miniprogram: MiniProgram
) -> None:
    copy_rows(issue(miniprogram, "first=1"), count=PAGE_SIZE)
    page = new_page(java_script_enabled=False)
    log_in(page)
    page.goto("/")
    page.get_by_role("link", name="Load more").click()
    page.get_by_role("link", name="first=1").click()
    page.get_by_role("link", name="Duplicate").click()
    page.get_by_label("Scene").fill("second=2")
    page.get_by_role("button", name="Create code").click()
    expect(page.get_by_text("Created and saved")).to_be_visible()
    page.goto("/")
    page.get_by_role("searchbox").fill("second")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".card")).to_have_count(1)
