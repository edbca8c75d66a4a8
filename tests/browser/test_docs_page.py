"""The page of the API's documentation: it works without the internet, on a phone, and under a policy."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SMALLEST
from tests.browser.pages import has_room

pytestmark = pytest.mark.browser


def test_operations_are_shown_and_tried_out_and_an_answer_is_not_offered_as_a_file(page: Page, watch: Any) -> None:
    # trying one out without a key is refused
    watch.expected = ("401 (Unauthorized)",)
    with page.expect_response("**/api/schema/**") as schema:
        answer = page.goto("/api/docs/")
    assert schema.value.ok
    assert answer is not None and "script-src 'self';" in answer.headers["content-security-policy"]
    expect(page.locator(".opblock-post").first).to_be_visible()
    operation = page.locator("#operations-codes-list_codes")
    operation.locator(".opblock-summary-control").first.click()
    operation.locator(".try-out__btn").click()
    with page.expect_response("**/api/v1/codes/*") as asked:
        operation.locator(".execute").click()
    assert asked.value.headers["content-disposition"] == 'attachment; filename="api.json"'
    shown = operation.locator(".live-responses-table")
    shown.get_by_text("not_authenticated").first.wait_for()
    expect(shown.get_by_text("Download file")).to_have_count(0)


def test_an_open_operation_does_not_widen_the_page_on_a_phone(page: Page) -> None:
    page.set_viewport_size(SMALLEST)
    page.goto("/api/docs/")
    page.locator("#operations-codes-issue_code .opblock-summary-control").first.click()
    page.locator("#operations-codes-issue_code .try-out__btn").click()
    page.locator("#operations-codes-issue_code .execute").wait_for()
    assert has_room(page)
