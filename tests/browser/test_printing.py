"""Printing in a real browser: one code from its page, on a sheet by its measures; and its image on the clipboard."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.miniprograms.models import MiniProgram
from tests.browser.downloads import download
from tests.integration.gallery.staff import issue

pytestmark = pytest.mark.browser


def test_a_code_is_printed_with_two_clicks_and_on_a_sheet_by_its_measures(
    page: Page, log_in: Any, miniprogram: MiniProgram, tmp_path: Path
) -> None:
    code = issue(miniprogram, "table=1", label="Table 1")
    log_in(page)
    page.goto(f"/codes/{code.pk}/")
    page.get_by_role("link", name="Print…").click()
    sheets = page.get_by_role("button", name="Print sheets PDF")
    place = download(page, tmp_path, lambda: sheets.click(no_wait_after=True))
    assert (place.name, place.read_bytes()[:5]) == ("Table 1.pdf", b"%PDF-")

    page.get_by_label("Sticker sheets").check()
    for name in ("Cut marks", "Sticker width in mm", "Codes per row"):
        expect(page.get_by_label(name)).to_be_hidden()
    preset = page.get_by_label("Sticker sheet", exact=True)
    preset.select_option("avery-l7160")
    preset.select_option("")
    # the measures of the preset are where the correction begins
    values = {"Sticker width in mm": "63.5", "Codes per row": "3", "Rows of stickers": "7", "Left margin in mm": "7.25"}
    for name, value in values.items():
        expect(page.get_by_label(name)).to_have_value(value)
    page.get_by_label("Left margin in mm").fill("8.5")
    test_page = page.get_by_role("button", name="Test page PDF")
    place = download(page, tmp_path, lambda: test_page.click(no_wait_after=True))
    assert (place.name, place.read_bytes()[:5]) == ("Table 1-test.pdf", b"%PDF-")
    page.get_by_label("Sticker roll").check()
    for name in ("Left margin in mm", "First free sticker", "Code size in mm"):
        expect(page.get_by_label(name)).to_be_hidden()


def test_the_image_is_copied_where_the_browser_can(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = issue(miniprogram, "table=1")
    log_in(page)
    page.goto(f"/codes/{code.pk}/")
    page.get_by_role("button", name="Copy image").click()
    expect(page.locator("#news")).to_have_text("Copied")
    found = page.evaluate(
        """async () => { const [item] = await navigator.clipboard.read()
                         const image = await createImageBitmap(await item.getType('image/png'))
                         return [item.types, image.width] }"""
    )
    assert found == [["image/png"], 430]
    page.add_init_script("delete Clipboard.prototype.write")
    page.reload()
    expect(page.get_by_role("button", name="Copy image")).to_be_hidden()
