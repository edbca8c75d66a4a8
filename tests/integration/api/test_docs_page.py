"""The docs page in a real browser: it works without the internet."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian: apt-get install chromium, or set CHROMIUM)")
def test_the_docs_page_shows_the_operations_and_asks_no_other_host(live_server):
    asked = []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{live_server.url}/api/docs/")
        page.locator(".opblock-post").first.wait_for(timeout=15_000)
    assert any("/api/schema/" in url for url in asked)
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian: apt-get install chromium, or set CHROMIUM)")
def test_an_open_operation_does_not_widen_the_page_on_a_phone(live_server):
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as browser:
        page = browser.new_page(viewport={"width": 360, "height": 800})
        page.goto(f"{live_server.url}/api/docs/")
        page.locator("#operations-codes-issue_code .opblock-summary-control").first.click(timeout=15_000)
        page.locator("#operations-codes-issue_code .try-out__btn").click()
        page.locator("#operations-codes-issue_code .execute").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian: apt-get install chromium, or set CHROMIUM)")
def test_an_answer_that_was_tried_out_is_shown_and_not_offered_as_a_file(live_server):
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS) as browser:
        page = browser.new_page()
        page.goto(f"{live_server.url}/api/docs/")
        operation = page.locator("#operations-codes-list_codes")
        operation.locator(".opblock-summary-control").first.click(timeout=15_000)
        operation.locator(".try-out__btn").click()
        with page.expect_response("**/api/v1/codes/*") as asked:
            operation.locator(".execute").click()
        assert asked.value.headers["content-disposition"] == 'attachment; filename="api.json"'
        shown = operation.locator(".live-responses-table")
        shown.get_by_text("not_authenticated").first.wait_for(timeout=15_000)
        assert shown.get_by_text("Download file").count() == 0
