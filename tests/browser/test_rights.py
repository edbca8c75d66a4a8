"""A person without rights is kept out, kindly, and let in by an operator who grants a mini-program in the admin."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import NARROW
from tests.integration.gallery.colleagues import make_colleague
from tests.integration.gallery.staff import PAGE, PASSWORD, issue, make_staff
from tests.parts import make_miniprogram

pytestmark = pytest.mark.browser


def test_a_person_without_rights_is_kept_out_until_an_operator_grants(
    page: Page, new_page: Any, log_in: Any, sandbox: Any, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = ("403 (Forbidden)", "404 (Not Found)")
    own = issue(miniprogram, "table=7", label="By the window")
    foreign = issue(make_miniprogram(sandbox, name="Night Market", default_page=PAGE), "stall=3", label="Lamps")

    theirs = new_page(viewport=NARROW)
    log_in(theirs, make_colleague(name="vera"))
    theirs.goto("/")
    expect(theirs.get_by_role("heading", name="You don’t have access to a mini-program yet")).to_be_visible()
    expect(theirs.get_by_text("vera's group")).to_be_visible()
    for address in (f"/codes/{own.pk}/", "/make/", "/batches/new/"):
        theirs.goto(address)
        expect(theirs.get_by_role("heading", name="You don’t have access to a mini-program yet")).to_be_visible()
    expect(theirs.get_by_role("link", name="Admin")).to_have_count(0)

    log_in(page)
    page.goto(f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/")
    page.get_by_role("heading", name="Access", exact=True).click()
    page.get_by_label("vera's group").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

    theirs.goto("/")
    expect(theirs.get_by_role("link", name="By the window")).to_be_visible()
    expect(theirs.get_by_text("Night Market")).to_have_count(0)
    expect(theirs.get_by_role("link", name="Create code")).to_have_count(0)
    theirs.get_by_placeholder("Search scene, label, page or external ID").fill("stall")
    expect(theirs.get_by_role("heading", name="Nothing found for “stall”")).to_be_visible()
    theirs.goto(f"/codes/{foreign.pk}/")
    expect(theirs.get_by_role("alert")).to_contain_text(f"There is no code {foreign.pk}")
    theirs.goto("/make/")
    expect(theirs.get_by_role("alert")).to_contain_text("codes.add_issuedcode")


def test_an_account_that_is_not_staff_and_a_stranger_see_no_code_and_are_let_go(
    page: Page, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = ("403 (Forbidden)",)
    code = issue(miniprogram, "table=7", label="By the window")
    page.goto(f"/codes/{code.pk}/")
    expect(page).to_have_url(f"/login/?next=/codes/{code.pk}/")
    make_staff("bob", password=PASSWORD, is_staff=False, is_superuser=False)
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="The gallery is for staff")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_text("By the window")).to_have_count(0)
    expect(page.get_by_role("heading", name="The gallery is for staff")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
