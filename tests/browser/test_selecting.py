"""Selecting many in a real browser: three as a zip, all that match on paper, tags, the archive."""

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.codes.models import IssuedCode, Tag
from apps.gallery.browsing import PAGE_SIZE
from apps.miniprograms.models import MiniProgram
from apps.selections.choosing import CHUNK
from apps.selections.models import JobState, SelectionJob
from apps.selections.printing import PRINTED_AT_ONCE
from tests.browser.conftest import SMALLEST
from tests.browser.downloads import download
from tests.browser.pages import has_room
from tests.integration.gallery.staff import copy_rows, issue

pytestmark = pytest.mark.browser
# more than are drawn while the page waits
COUNT = PRINTED_AT_ONCE + 20


def tick(page: Page, title: str, **options: Any) -> None:
    # the hidden words are what a reader hears, the box is what a hand clicks
    page.get_by_label(f"Select {title}", exact=True).click(**options)


def test_from_three_ticks_to_the_archive(
    page: Page, log_in: Any, miniprogram: MiniProgram, worker: Any, tmp_path: Path
) -> None:
    copy_rows(issue(miniprogram, "first=1", label="靠窗 Window", by="staff:anna"), count=COUNT)
    for number in (1, 2, 3):
        issue(miniprogram, f"table={number}", label=f"Table {number} 桌")
    log_in(page)
    page.goto("/")
    expect(page.get_by_role("button", name="Actions…")).to_be_hidden()
    for number in (1, 2, 3):
        tick(page, f"Table {number} 桌")
    expect(page.locator("#selected-count")).to_have_text("3")
    page.get_by_role("button", name="Actions…").click()
    expect(page.get_by_role("heading", name="3 codes selected")).to_be_visible()
    place = download(page, tmp_path, lambda: page.get_by_role("button", name="Images ZIP").click(no_wait_after=True))
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Table 1 桌.jpg", "Table 2 桌.jpg", "Table 3 桌.jpg", "manifest.csv"]

    page.goto("/?q=copy")
    page.get_by_role("button", name="Actions for all results…").click()
    expect(page.get_by_role("heading", name=f"{COUNT} codes selected")).to_be_visible()
    page.get_by_label("Title on each sheet").fill("Spring 春天")
    page.get_by_label("Codes per row").select_option("4")
    page.get_by_label("Second line").select_option("scene")
    page.get_by_role("button", name="Print sheets PDF").click()
    expect(page.locator("#jobs .job")).to_be_visible()
    # a worker draws it; the page is left, and another says when it is done
    page.goto("/make/")
    worker()
    page.reload()
    expect(page.get_by_text(f"{COUNT} codes are on the sheets.")).to_be_visible()
    page.get_by_role("link", name="View").click()
    sheets = page.get_by_role("link", name="Print sheets PDF")
    check_sheets(
        download(page, tmp_path, lambda: sheets.click(no_wait_after=True)), "Spring 春天", "靠窗 Window", "copy=1"
    )

    page.get_by_role("textbox", name="Tags").fill("spring，窗边")
    page.get_by_role("button", name="Add tags").click()
    expect(page.get_by_text(f"Tags added to {COUNT} codes.")).to_be_visible()
    assert {tag.codes.count() for tag in Tag.objects.all()} == {COUNT}
    page.get_by_label("Archive", exact=True).get_by_role("button", name="Archive").click()
    expect(page.get_by_text(f"{COUNT} codes were archived.")).to_be_visible()
    assert IssuedCode.objects.current().count() == 4
    page.get_by_role("button", name="Restore them").click()
    expect(page.get_by_text(f"{COUNT} codes were restored.")).to_be_visible()
    assert IssuedCode.objects.current().count() == COUNT + 4
    page.get_by_role("link", name="My selections").click()
    expect(page.locator(".selection")).to_have_count(2)
    expect(page.locator(".selection").first).to_contain_text("Add tags: spring, 窗边")


def check_sheets(place: Path, *words: str) -> None:
    assert place.name == "Spring 春天.pdf"
    assert place.read_bytes().startswith(b"%PDF-")
    if which("pdftotext") is None:
        return
    text = subprocess.run(["pdftotext", place, "-"], check=True, capture_output=True, text=True).stdout
    for word in words:
        assert word in text


def test_work_on_many_moves_by_itself(page: Page, log_in: Any, miniprogram: MiniProgram, worker: Any) -> None:
    copy_rows(issue(miniprogram, "first=1"), count=CHUNK)
    log_in(page)
    page.goto("/")
    page.get_by_role("button", name="Actions for all codes…").click()
    page.get_by_role("textbox", name="Tags").fill("many")
    page.get_by_role("button", name="Add tags").click()
    expect(page.locator("#jobs .badge")).to_have_text("waiting")
    worker()
    expect(page.get_by_text(f"Tags added to {CHUNK + 1} codes.")).to_be_visible()
    expect(page.locator("#jobs .badge")).to_have_text("done")
    assert SelectionJob.objects.get().state == JobState.DONE


def test_shift_takes_everything_in_between_and_a_new_search_begins_anew(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    copy_rows(issue(miniprogram, "first=1"), count=PAGE_SIZE + 9)
    log_in(page)
    page.goto("/")
    boxes = page.locator(".picker input")
    count = page.locator("#selected-count")
    boxes.nth(2).click()
    boxes.nth(7).click(modifiers=["Shift"])
    expect(count).to_have_text("6")
    boxes.nth(5).click()
    boxes.nth(6).click(modifiers=["Shift"])
    expect(count).to_have_text("4")
    page.get_by_role("link", name="Load more").click()
    expect(boxes).to_have_count(PAGE_SIZE + 10)
    page.get_by_role("button", name="Select all shown").click()
    expect(count).to_have_text(str(PAGE_SIZE + 10))
    page.get_by_role("button", name="Actions…").click()
    expect(page.get_by_role("heading", name=f"{PAGE_SIZE + 10} codes selected")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Clear selection").click()
    expect(page.get_by_role("button", name="Actions…")).to_be_hidden()
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    expect(count).to_have_text("1")
    page.get_by_role("searchbox").fill("first")
    expect(boxes).to_have_count(1)
    expect(count).to_have_text("0")


def test_codes_are_selected_without_javascript(
    new_page: Callable[..., Page], log_in: Any, miniprogram: MiniProgram, watch: Any, tmp_path: Path
) -> None:
    watch.expected = ("400 (Bad Request)",)
    for number in (1, 2, 3):
        issue(miniprogram, f"t={number}", label=f"Table {number}")
    page = new_page(java_script_enabled=False)
    log_in(page)
    page.goto("/")
    for dead in ("Select all shown", "Clear selection"):
        expect(page.get_by_text(dead)).to_be_hidden()
    page.get_by_role("button", name="Actions…").click()
    expect(page.get_by_text("elect at least one code")).to_be_visible()
    page.goto("/")
    tick(page, "Table 1")
    tick(page, "Table 3")
    page.get_by_role("button", name="Actions…").click()
    expect(page.get_by_role("heading", name="2 codes selected")).to_be_visible()
    place = download(
        page, tmp_path, lambda: page.get_by_role("button", name="Print sheets PDF").click(no_wait_after=True)
    )
    assert place.read_bytes().startswith(b"%PDF-")
    page.get_by_label("Archive", exact=True).get_by_role("button", name="Archive").click()
    expect(page.get_by_text("2 codes were archived.")).to_be_visible()


def test_the_top_bar_has_room_for_all_of_its_links_on_a_small_phone(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    page.set_viewport_size(SMALLEST)
    log_in(page)
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Selections").click()
    expect(page.get_by_role("heading", name="My selections")).to_be_visible()
    assert has_room(page)
    links = page.locator(".top nav a")
    expect(links).to_have_count(6)
    boxes = [links.nth(number).bounding_box() for number in range(6)]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= SMALLEST["width"] for box in boxes)
