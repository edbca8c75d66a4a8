"""Accounts in Chromium: enrolling with an authenticator app, the second step, the locked page, the policies."""

import base64
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.browser.pages import has_room
from tests.browser.test_accessibility import look
from tests.integration.gallery.staff import PASSWORD

pytestmark = pytest.mark.browser
SMALLEST = {"width": 360, "height": 740}
HALF_MINUTE, TYPING_SECONDS = 30, 8


def code_from(key: str, *, later: int = 0) -> str:
    """What an app shows that was given `key` as the page writes it; one that lasts until it is typed."""
    left = HALF_MINUTE - time.time() % HALF_MINUTE
    if left < TYPING_SECONDS:
        time.sleep(left)
    totp = TOTP(base64.b32decode(key.replace(" ", "")))
    totp.drift = later
    return f"{totp.token():06d}"


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_second_factor_from_the_first_look_to_the_next_login(
    new_page: Callable[..., Page], log_in: Any, staff: Any, is_scripted: bool
) -> None:
    page = new_page(viewport=SMALLEST, java_script_enabled=is_scripted)
    log_in(page)
    page.get_by_role("link", name="anna").click()
    page.get_by_role("link", name="Set it up").click()
    picture = page.get_by_role("img", name="QR code with the key")
    expect(picture).to_have_js_property("complete", True)
    assert picture.bounding_box()["width"] > 150  # type: ignore[index]
    page.get_by_text("Or type the key").click()
    key = page.locator("#second-factor-key").inner_text()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    assert page.locator("#second-factor-key").text_content() == key, "the picture stays the same"
    page.wait_for_timeout(1100)
    page.get_by_label("Code").fill(code_from(key))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#backup-codes").inner_text().split()
    assert len(codes) == 10 and re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", codes[0])
    if is_scripted:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        assert page.evaluate("navigator.clipboard.readText()").split() == codes
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Log out").click()

    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    # the code of this half minute is used up
    page.get_by_label("Code").fill(code_from(key, later=1))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="anna")).to_be_visible()


def test_the_locked_page_on_a_phone_says_when(new_page: Callable[..., Page], staff: Any, watch: Any) -> None:
    watch.expected = ("429 (Too Many Requests)",)
    page = new_page(viewport=SMALLEST)
    for _ in range(5):
        page.goto("/login/?next=/make/")
        page.get_by_label("Username").fill("anna")
        page.get_by_label("Password").fill("guess")
        page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Try again in 15 minutes")
    assert has_room(page)
    page.get_by_role("link", name="Back to the login").click()
    expect(page).to_have_url(re.compile(r"/login/\?next=/make/$"))


def test_a_typed_password_can_be_looked_at_and_is_hidden_again_when_it_is_sent(
    new_page: Callable[..., Page], staff: Any
) -> None:
    page = new_page(viewport=SMALLEST)
    page.goto("/login/")
    page.get_by_label("Username").fill("anna")
    field = page.get_by_label("Password")
    field.fill("a guess")
    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")
    assert has_room(page)
    page.get_by_role("button", name="Hide the password").click()
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show the password").click()
    page.evaluate("document.forms[0].addEventListener('submit', event => event.preventDefault())")
    page.get_by_role("button", name="Log in").click()
    expect(field).to_have_attribute("type", "password")


def test_without_scripts_there_is_no_button_that_does_nothing(new_page: Callable[..., Page], staff: Any) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/login/")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("button", name="Show the password")).to_have_count(0)


@pytest.mark.parametrize("address", ["/admin/password_change/", "/admin/auth/user/add/", "other"])
def test_the_meter_follows_what_is_typed(page: Page, log_in: Any, staff: Any, address: str) -> None:
    log_in(page)
    page.set_viewport_size(SMALLEST)
    page.goto(address if address != "other" else f"/admin/auth/user/{staff.pk}/password/")
    field = page.locator("input[name$=password1]")
    meter = page.get_by_role("meter", name="Strength of the password")
    expect(meter).to_have_count(0)
    for password, score, words in (("short", 0, "Would be refused"), ("another correct horse", 4, "Strong")):
        field.fill(password)
        expect(page.locator(".strength-words")).to_contain_text(words)
        expect(meter).to_have_js_property("value", score)
    assert look(page) == [] and has_room(page)
    field.fill("")
    expect(meter).to_have_count(0)


@pytest.mark.parametrize("is_scripted", [True, False])
def test_notices_and_sessions_are_ended_by_hand(
    new_page: Callable[..., Page], log_in: Any, staff: Any, is_scripted: bool
) -> None:
    page = new_page(viewport=SMALLEST, java_script_enabled=is_scripted)
    log_in(page)
    other = new_page(java_script_enabled=is_scripted)
    log_in(other)
    page.get_by_role("link", name="anna").click()
    page.get_by_role("button", name=re.compile("^End ")).click()
    expect(page.get_by_text("You are logged in nowhere else.")).to_be_visible()
    if is_scripted:
        assert look(page) == []
    for address in ("/admin/", "/"):
        page.goto(address)
        expect(page.get_by_text("1 session of yours was ended on")).to_be_visible()
        assert has_room(page)
        if is_scripted:
            assert look(page) == []
        page.set_viewport_size(SMALLEST)
    # the newest stands first; below it is the login of the other browser
    page.get_by_role("button", name="Dismiss").first.click()
    expect(page.get_by_text("1 session of yours was ended on")).to_have_count(0)
    page.goto("/admin/")
    expect(page.get_by_text("1 session of yours was ended on")).to_have_count(0)
    other.goto("/")
    expect(other).to_have_url(re.compile("/login/"))


def test_nothing_in_the_admin_breaks_its_policy(page: Page, log_in: Any, staff: Any) -> None:
    log_in(page)
    for address in (
        *(
            "/admin/",
            "/admin/auth/user/",
            "/admin/auth/user/add/",
            f"/admin/auth/user/{staff.pk}/change/",
            "/admin/auth/group/add/",
        ),
        *("/admin/miniprograms/miniprogram/add/", "/admin/clients/apiclient/add/", "/admin/admin/logentry/"),
        *(
            "/admin/axes/accessattempt/",
            "/admin/axes/accesslog/",
            "/admin/codes/issuedcode/",
            "/admin/password_change/",
        ),
    ):
        answer = page.goto(address, wait_until="networkidle")
        assert answer is not None and answer.status == 200, address
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_page_of_the_api_keeps_to_its_policy(page: Page) -> None:
    answer = page.goto("/api/docs/", wait_until="networkidle")
    assert answer is not None and "script-src 'self';" in answer.headers["content-security-policy"]
    expect(page.locator(".opblock-post").first).to_be_visible()
