"""Accounts in Chromium: enrolling with an authenticator app, the second step, the locked page, the policies."""

import base64
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from apps.accounts.models import SecurityNotice
from tests.browser.conftest import SMALLEST
from tests.browser.looking import look
from tests.browser.pages import has_room
from tests.integration.gallery.staff import PASSWORD

pytestmark = pytest.mark.browser
HALF_MINUTE = 30


def code_from(key: str) -> str:
    """What an app shows that was given `key` as the page writes it."""
    return f"{TOTP(base64.b32decode(key.replace(' ', ''))).token():06d}"


def give_password(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill(password)
    # the script looks whether wxcode answers before it sends a form
    with page.expect_navigation():
        page.get_by_role("button", name="Log in").click()


@pytest.fixture
def stopped() -> Iterator[Any]:
    """Time stands still, and `stopped.shift(30)` is half a minute later: a code lasts until it is typed."""
    with time_machine.travel(time.time(), tick=False) as clock:
        yield clock


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_second_factor_from_the_first_look_to_the_next_login(
    page: Page, new_page: Callable[..., Page], log_in: Any, stopped: Any, is_scripted: bool
) -> None:
    page = page if is_scripted else new_page(java_script_enabled=False)
    page.set_viewport_size(SMALLEST)
    log_in(page)
    page.goto("/")
    page.get_by_role("link", name="anna").click()
    page.get_by_role("link", name="Set up").click()
    picture = page.get_by_role("img", name="QR code; the same key")
    expect(picture).to_have_js_property("complete", True)
    assert picture.bounding_box()["width"] > 150  # type: ignore[index]
    page.get_by_text("Can’t scan it?").click()
    key = page.locator("#second-factor-key").inner_text()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Wrong code.")).to_be_visible()
    assert page.locator("#second-factor-key").text_content() == key, "the picture stays the same"
    # after a wrong code the next one has to wait
    stopped.shift(2)
    page.get_by_label("Code").fill(code_from(key))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#backup-codes").inner_text().split()
    assert len(codes) == 10 and re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", codes[0])
    with page.expect_download() as found:
        page.get_by_role("link", name="Download").click()
    assert found.value.suggested_filename == "wxcode-backup-codes-anna.txt"
    assert found.value.path().read_text().split() == codes
    expect(page.get_by_role("button", name="Print")).to_have_count(int(is_scripted))
    if is_scripted:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        assert page.evaluate("navigator.clipboard.readText()").split() == codes
        page.emulate_media(media="print")
        expect(page.get_by_text("wxcode backup codes of anna for")).to_be_visible()
        expect(page.get_by_role("button", name="Print")).to_be_hidden()
        expect(page.locator("#backup-codes")).to_be_visible()
        page.emulate_media(media="screen")
    page.get_by_role("link", name="I’ve saved them").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.get_by_role("button", name="Log out").click()

    # without scripts there is no button that does nothing
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Show the password")).to_have_count(int(is_scripted))
    give_password(page)
    expect(page.get_by_role("heading", name="Two-step login")).to_be_visible()
    # the code of that half minute is used up
    stopped.shift(HALF_MINUTE)
    page.get_by_label("Code").fill(code_from(key))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="anna")).to_be_visible()


def test_the_locked_page_on_a_phone_says_when(page: Page, staff: Any, watch: Any) -> None:
    watch.expected = ("429 (Too Many Requests)",)
    page.set_viewport_size(SMALLEST)
    for _ in range(5):
        page.goto("/login/?next=/make/")
        give_password(page, "guess")
        expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Try again in 15 minutes")
    assert has_room(page)
    page.get_by_role("link", name="Back to login").click()
    expect(page).to_have_url(re.compile(r"/login/\?next=/make/$"))


def test_a_typed_password_can_be_looked_at_and_is_hidden_again_when_it_is_sent(page: Page, staff: Any) -> None:
    page.set_viewport_size(SMALLEST)
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


def test_the_meter_follows_what_is_typed_wherever_a_password_is_chosen(page: Page, log_in: Any, staff: Any) -> None:
    log_in(page)
    found = []
    for address in "/account/password/", "/admin/auth/user/add/", f"/admin/auth/user/{staff.pk}/password/":
        page.goto(address)
        field = page.locator("input[name$=password1]")
        meter = page.get_by_role("meter", name="Strength of the password")
        expect(meter).to_have_count(0)
        for password, score, words in (("short", 0, "Not accepted"), ("another correct horse", 4, "Strong")):
            field.fill(password)
            expect(page.locator(".strength-words")).to_contain_text(words)
            expect(meter).to_have_js_property("value", score)
        found += look(page)
        field.fill("")
        expect(meter).to_have_count(0)
    assert found == []


@pytest.mark.parametrize("is_scripted", [True, False])
def test_notices_and_sessions_are_ended_by_hand(
    page: Page, new_page: Callable[..., Page], staff: Any, is_scripted: bool
) -> None:
    page = page if is_scripted else new_page(java_script_enabled=False)
    other = new_page(java_script_enabled=is_scripted)
    for each in page, other:
        each.goto("/login/")
        give_password(each)
        expect(each.get_by_role("link", name="anna")).to_be_visible()
    page.get_by_role("link", name="anna").click()
    page.get_by_role("button", name=re.compile("^Log out Chrome")).click()
    expect(page.get_by_text("Logged out of that session.")).to_be_visible()
    expect(page.get_by_text("You aren’t logged in anywhere else.")).to_be_visible()
    found = look(page) if is_scripted else []
    # this session hears of the other browser alone, the other one of what this one did
    expect(page.get_by_text("was ended on")).to_have_count(0)
    page.get_by_role("button", name="Dismiss").click()
    other.goto("/")
    expect(other).to_have_url(re.compile("/login/"))
    give_password(other)
    SecurityNotice.objects.create(user=staff, kind=SecurityNotice.Kind.EMAIL_CHANGED)
    for address in ("/admin/", "/"):
        other.set_viewport_size(SMALLEST)
        other.goto(address)
        expect(other.get_by_text("1 of your sessions was ended on")).to_be_visible()
        expect(other.locator(".security-notice")).to_have_count(1)
        assert has_room(other)
        if is_scripted:
            found += look(other)
    assert found == []
    other.get_by_role("button", name="Dismiss all").click()
    expect(other.get_by_text("1 of your sessions was ended on")).to_have_count(0)
    other.goto("/admin/")
    expect(other.locator(".security-notice")).to_have_count(0)
