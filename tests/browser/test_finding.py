"""Staff finding codes in a real browser: filters and chips, how many, neighbours in a search, a larger picture."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from apps.codes.models import IssuedCode
from apps.gallery.browsing import PAGE_SIZE
from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import SMALLEST
from tests.browser.pages import has_room
from tests.integration.gallery.staff import copy_rows, issue

pytestmark = pytest.mark.browser


def test_a_filter_is_chosen_becomes_a_chip_and_goes_again(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    issue(miniprogram, "a=1", label="Door")
    issue(miniprogram, "a=2", label="Window", env_version="trial")
    log_in(page)
    page.goto("/")
    page.get_by_text("Filters").click()
    page.get_by_label("Version").select_option("trial")
    expect(page.get_by_role("link", name="Door")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/\?env_version=trial$"))
    expect(page.locator("#count")).to_have_text("1 code")
    page.get_by_role("link", name="Version trial remove").click()
    expect(page).to_have_url(re.compile(r"/$"))
    expect(page.locator("#count")).to_have_text("2 codes")


def test_the_count_of_many_follows_when_the_page_is_there(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE + 9)
    log_in(page)
    page.goto("/")
    expect(page.locator("#count")).to_have_text("70 codes")
    page.get_by_role("searchbox").fill("copy=1")
    expect(page.locator("#count")).to_have_text("11 codes")


def test_nothing_found_shows_the_way_out(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    issue(miniprogram, "a=1", label="Window")
    log_in(page)
    page.goto("/?q=window&kind=limited")
    expect(page.locator("#hints li").first).to_contain_text("Without “Search: window” 0")
    page.get_by_role("link", name="Without “Kind: limited”").click()
    expect(page.get_by_role("link", name="Window", exact=True)).to_be_visible()


def test_arrows_stay_in_the_search_and_the_slash_leads_back_to_it(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    for number in range(3):
        issue(miniprogram, f"a={number}", label=f"Hall {number}", env_version="release" if number == 1 else "trial")
    log_in(page)
    page.goto("/?env_version=trial")
    page.get_by_role("link", name="Hall 2").click()
    # a key counts once the page is there
    expect(page.get_by_role("heading", level=1)).to_have_text("Hall 2")
    page.wait_for_load_state()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hall 0")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hall 2")
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile(r"/\?env_version=trial#search$"))
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_larger_picture_is_asked_for_and_downloaded(
    page: Page, log_in: Any, miniprogram: MiniProgram, tmp_path: Path
) -> None:
    code = issue(miniprogram, "table=7")
    page.set_viewport_size(SMALLEST)
    log_in(page)
    page.goto(f"/codes/{code.pk}/")
    for size in ("860 px…", "1280 px…", "Regenerate image…"):
        page.get_by_text(size, exact=True).click()
        assert has_room(page), size
        page.get_by_text(size, exact=True).click()
    page.get_by_text("1280 px…", exact=True).click()
    expect(page.get_by_text("one of the 5,000 calls a minute").nth(1)).to_be_visible()
    page.get_by_role("button", name="Create 1280 px image").click()
    expect(page.get_by_role("heading", name="Previous images")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download 860 px")).click()
    saved = tmp_path / "picture.jpg"
    download.value.save_as(saved)
    with Image.open(saved) as picture:
        assert picture.width == 860
    assert IssuedCode.objects.get().width == 1280


def test_boxes_that_ask_come_one_at_a_time_and_close_by_escape_or_elsewhere(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    code = issue(miniprogram, "table=7")
    log_in(page)
    page.goto(f"/codes/{code.pk}/")
    opened = page.locator("details.confirm[open]")
    edges = page.locator("details.confirm > summary").evaluate_all(
        "found => found.map(each => getComputedStyle(each).borderTopColor)"
    )
    assert len(edges) == 4 and len(set(edges)) == 1
    for box in ("860 px…", "1280 px…", "Label and tags…"):
        page.get_by_text(box, exact=True).click()
        expect(opened).to_have_count(1)
        expect(opened.locator("summary")).to_have_text(box)
    page.get_by_label("Label", exact=True).fill("Win")
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    expect(page.locator("summary", has_text="Label and tags…")).to_be_focused()
    page.get_by_text("860 px…", exact=True).click()
    page.get_by_role("heading", level=1).click()
    expect(opened).to_have_count(0)


def test_label_tags_and_archive_are_changed_on_the_page_of_the_code(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    code = issue(miniprogram, "table=7", label="Window")
    page.set_viewport_size(SMALLEST)
    log_in(page)
    page.goto(f"/codes/{code.pk}/?q=table")
    page.get_by_text("Label and tags…", exact=True).click()
    assert has_room(page)
    page.get_by_label("Label", exact=True).fill("靠窗 7 号桌")
    page.get_by_role("textbox", name="Tags").fill("terrace，2026")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("靠窗 7 号桌")
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Code archived")).to_be_visible()
    page.get_by_role("link", name="Back to the search").click()
    expect(page.get_by_role("link", name="Show the archived code that matches")).to_be_visible()
    page.get_by_role("link", name="Show the archived code that matches").click()
    page.get_by_role("link", name="靠窗 7 号桌").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Code restored")).to_be_visible()
    assert sorted(IssuedCode.objects.get().tags.values_list("name", flat=True)) == ["2026", "terrace"]


def test_the_number_of_folded_filters_follows_them(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    issue(miniprogram, "table=7")
    log_in(page)
    page.goto("/")
    page.get_by_text("Filters", exact=True).click()
    expect(page.locator("#panel-count")).to_be_empty()
    page.locator("#filters select[name=kind]").select_option("unlimited")
    expect(page.locator("#panel-count")).to_have_text("1")


def test_the_form_follows_the_kind_and_the_preview_follows_the_form(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    log_in(page)
    page.goto("/make/")
    drawing = page.locator("#preview-drawing")
    page.get_by_label("Line colour").select_option("own")
    page.get_by_label("Custom colour").fill("#0b7a45")
    page.get_by_label("Width in pixels").fill("1280")
    expect(drawing).to_have_attribute("color", "#0b7a45")
    expect(page.get_by_text("1280 px = 10.8 cm printed")).to_be_visible()
    page.get_by_label("square QR code").check()
    expect(drawing).to_have_attribute("color", "#000000")
    for hidden in ("Scene", "Version", "Line colour"):
        expect(page.get_by_label(hidden, exact=True)).to_be_hidden()
    page.get_by_label("Path", exact=True).fill("pages/index/index?table=7")
    page.get_by_label("Use up one of the 100,000 codes").check()
    page.get_by_role("button", name="Create code").click()
    expect(page.get_by_text("Created and saved")).to_be_visible()
    assert IssuedCode.objects.get().kind == "qrcode"
