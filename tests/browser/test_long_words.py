"""Nothing sticks out on a phone, however long the words are that people, tables and WeChat bring."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.batches.models import BatchState, CodeBatch
from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import NARROW, SMALLEST
from tests.browser.pages import has_room
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.gallery.staff import issue

pytestmark = pytest.mark.browser


@pytest.fixture
def too_wide(page: Page) -> Callable[[str], list[str]]:
    """`too_wide("the list")`: on which phones it is, as lines; the page stays as it is."""

    def measure(what: str) -> list[str]:
        found = []
        for viewport in SMALLEST, NARROW:
            page.set_viewport_size(viewport)
            if not has_room(page):
                found.append(f"{what} in {viewport['width']} px")
        return found

    return measure


def test_of_codes_and_selections(
    page: Page, log_in: Any, miniprogram: MiniProgram, watch: Any, too_wide: Callable[[str], list[str]]
) -> None:
    watch.expected = ("404 (Not Found)",)
    code = issue(miniprogram, "a" * 32, label="W" * 100, page="pages/detail/detail")
    log_in(page)
    found = []
    for address in ("/codes/999999/", f"/codes/{code.pk}/", f"/make/?made={code.pk}&reused", "/?q=nothing", "/"):
        page.goto(address)
        found += too_wide(address)
    page.get_by_label(f"Select {'W' * 100}", exact=True).click()
    found += too_wide("the bar of what is selected")
    page.get_by_role("button", name="Actions…").click()
    page.get_by_role("textbox", name="Tags").fill(",".join(letter * 50 for letter in "WMQ"))
    page.get_by_role("button", name="Add tags").click()
    expect(page.get_by_text("Tags added to 1 code")).to_be_visible()
    found += too_wide("a selection with long tags")
    page.get_by_label("Sticker roll").check()
    found += too_wide("stickers for a roll")
    page.goto(f"/?q={'a' * 32}")
    page.get_by_role("button", name="Actions for all results…").click()
    page.wait_for_url("**/selections/*/")
    found += too_wide("a selection of a long search")
    page.goto("/selections/")
    found += too_wide("the selections")
    assert found == []


def test_of_batches(
    page: Page,
    log_in: Any,
    make_batch: Any,
    staff: User,
    watch: Any,
    too_wide: Callable[[str], list[str]],
) -> None:
    # none of its rows has a code that could be printed
    watch.expected = ("404 (Not Found)",)
    batch = make_batch({"scene": "a" * 32, "label": "W" * 100}, {"scene": "b"}, name="W" * 100)
    long = {"detail": "x" * 200, "advice": "y" * 200, "rid": "r" * 60, "errcode": 41030}
    batch.items.filter(scene="b").update(state="failed", **long)
    held = {"hold_code": "w" * 60, "hold_rid": "r" * 64, "hold_detail": "x" * 300, "hold_advice": "y" * 300}
    CodeBatch.objects.filter(pk=batch.pk).update(state=BatchState.HELD, issued=1, failed=1, **held)
    other = make_batch({"scene": "c"}, name="V" * 100)
    ended = {"state": BatchState.DONE, "finished_at": timezone.now(), "issued_by": f"staff:{staff.username}"}
    CodeBatch.objects.filter(pk=other.pk).update(**ended)
    log_in(page)
    found = []
    sheets = f"/batches/{batch.pk}/file.pdf?sheet=a4&size=999"
    for address in ("/", "/batches/", f"/batches/{batch.pk}/", sheets, "/batches/new/"):
        page.goto(address)
        found += too_wide(address)
    for source in ("Upload", "Number series", "Paste"):
        page.get_by_label(source).check()
        found += too_wide(source)
    page.get_by_label("Rows", exact=True).fill("z" * 400)
    page.get_by_role("button", name="Check rows").click()
    expect(page.get_by_role("heading", name="1 row has a problem")).to_be_visible()
    found += too_wide("a row that is too long")
    assert found == []
