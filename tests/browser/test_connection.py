"""While wxcode cannot be reached: what moves says so until it is back, and a form keeps the page and what was typed."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from tests.integration.batches.conftest import make_batch as make_batch

pytestmark = pytest.mark.browser
LOST = "Connection lost, trying again…"
UNSENT = "wxcode can’t be reached, so nothing was sent."
WHAT_THE_BROWSER_WRITES = ("ERR_CONNECTION_REFUSED", "502 (Bad Gateway)", "Error Code 502", "htmx:")
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
Stop = Callable[[Page], None]


def stop_server(page: Page) -> None:
    page.route("**/*", lambda route: route.abort("connectionrefused"))


def stop_behind_proxy(page: Page) -> None:
    page.route("**/*", lambda route: route.fulfill(status=502, body="Bad Gateway"))


def start_again(page: Page) -> None:
    page.unroute_all(behavior="wait")


both = pytest.mark.parametrize("stop", [stop_server, stop_behind_proxy])


@both
def test_a_page_that_moves_says_that_it_goes_on_trying_and_blames_nobody(
    page: Page, log_in: Any, miniprogram: MiniProgram, make_batch: Any, watch: Any, stop: Stop
) -> None:
    watch.expected = WHAT_THE_BROWSER_WRITES
    batch = make_batch(2)
    log_in(page)
    for address, card in ((f"/batches/{batch.pk}/", "#progress"), ("/batches/", f"#batch-{batch.pk}")):
        page.goto(address)
        stop(page)
        expect(page.locator(card).get_by_text(LOST)).to_be_visible()
        expect(page.locator("#news")).to_be_empty()
        start_again(page)
        expect(page.get_by_text(LOST)).to_have_count(0)


@both
def test_a_form_that_is_sent_meanwhile_keeps_the_page_and_is_sent_once_later(
    page: Page, log_in: Any, miniprogram: MiniProgram, watch: Any, stop: Stop
) -> None:
    watch.expected = WHAT_THE_BROWSER_WRITES
    log_in(page)
    page.goto("/make/")
    page.get_by_label("Label").fill("窗边")
    page.get_by_label("Scene").fill("table=7")
    stop(page)
    button = page.get_by_role("button", name="Create code")
    button.click()
    unsent = page.locator("form.make, form.by-kind").get_by_text(UNSENT)
    expect(unsent).to_be_in_viewport()
    # the check while somebody types fails as well, and says no less
    ends = "requestfailed" if stop is stop_server else "requestfinished"
    for scene in ("table=78", "table=7"):
        with page.expect_event(ends, lambda request: "/make/scene/" in request.url):
            page.get_by_label("Scene").fill(scene)
        page.evaluate(TWO_FRAMES)
    expect(unsent).to_have_count(1)
    expect(page.get_by_label("Scene")).to_have_value("table=7")
    expect(page.locator("#news")).to_be_empty()
    start_again(page)
    button.dblclick()
    expect(page.get_by_role("heading", name="窗边")).to_be_visible()
    assert IssuedCode.objects.count() == 1


def test_a_search_that_goes_nowhere_says_so_until_the_next_one(
    page: Page, log_in: Any, miniprogram: MiniProgram, make_batch: Any, watch: Any
) -> None:
    watch.expected = WHAT_THE_BROWSER_WRITES
    make_batch(2)
    log_in(page)
    page.goto("/?q=hall")
    stop_server(page)
    page.get_by_role("searchbox").fill("hall 7")
    said = page.get_by_text("wxcode can’t be reached. Try again in a moment.")
    expect(said).to_be_visible()
    start_again(page)
    page.get_by_role("searchbox").fill("hall 8")
    expect(said).to_have_count(0)


def test_the_login_keeps_the_name(page: Page, watch: Any) -> None:
    watch.expected = WHAT_THE_BROWSER_WRITES
    page.goto("/login/")
    stop_server(page)
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill("something")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text(UNSENT)).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value("anna")
    start_again(page)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".problem")).to_be_visible()


def test_a_form_of_the_admin_keeps_what_was_entered_and_the_button_that_was_pressed(
    page: Page, log_in: Any, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = WHAT_THE_BROWSER_WRITES
    log_in(page)
    address = f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/"
    page.goto(address)
    page.get_by_label("Name:").fill("Tea house")
    stop_server(page)
    button = page.get_by_role("button", name="Save and continue editing")
    button.click()
    expect(page.get_by_text(UNSENT)).to_be_in_viewport()
    expect(page.get_by_label("Name:")).to_have_value("Tea house")
    start_again(page)
    with page.expect_navigation():
        button.click()
    expect(page.locator(".messagelist")).to_contain_text("You may edit it again below.")
    miniprogram.refresh_from_db()
    assert (miniprogram.name, page.url.endswith(address)) == ("Tea house", True)
