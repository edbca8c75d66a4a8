"""A person without rights is kept out, kindly, and let in by an operator who grants a mini-program in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import NARROW
from tests.integration.gallery.colleagues import make_colleague
from tests.integration.gallery.staff import PAGE, PASSWORD, issue, make_staff
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def miniprogram(sandbox: Any, transactional_db: None) -> MiniProgram:
    return make_miniprogram(sandbox, name="Lantern Tea House", default_page=PAGE)


def log_in_as(page: Page, user: User) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


def test_a_person_without_rights_is_kept_out_until_an_operator_grants(
    new_page: Any, sandbox: Any, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = ("403 (Forbidden)", "404 (Not Found)")
    own = issue(miniprogram, "table=7", label="By the window")
    foreign = issue(make_miniprogram(sandbox, name="Night Market", default_page=PAGE), "stall=3", label="Lamps")
    vera = make_colleague(name="vera", password=PASSWORD)

    theirs = new_page(viewport=NARROW)
    log_in_as(theirs, vera)
    expect(theirs.get_by_role("heading", name="You see no mini-program yet")).to_be_visible()
    expect(theirs.get_by_text("vera's group")).to_be_visible()
    for address in (f"/codes/{own.pk}/", "/make/", "/batches/new/"):
        theirs.goto(address)
        expect(theirs.get_by_role("heading", name="You see no mini-program yet")).to_be_visible()
    expect(theirs.get_by_role("link", name="Admin")).to_have_count(0)

    operators = new_page()
    log_in_as(operators, make_staff(password=PASSWORD))
    operators.goto(f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/")
    operators.get_by_label("vera's group").check()
    operators.get_by_role("button", name="Save", exact=True).click()
    expect(operators.get_by_text("was changed successfully")).to_be_visible()

    theirs.goto("/")
    expect(theirs.get_by_role("link", name="By the window")).to_be_visible()
    expect(theirs.get_by_text("Night Market")).to_have_count(0)
    expect(theirs.get_by_role("link", name="Make a code")).to_have_count(0)
    theirs.get_by_placeholder("Scene, label, page or external id").fill("stall")
    expect(theirs.get_by_role("heading", name="Nothing found for “stall”")).to_be_visible()
    theirs.goto(f"/codes/{foreign.pk}/")
    expect(theirs.get_by_role("alert")).to_contain_text(f"There is no code {foreign.pk}")
    theirs.goto("/make/")
    expect(theirs.get_by_role("alert")).to_contain_text("codes.add_issuedcode")


def test_an_account_that_is_not_staff_and_a_stranger_see_no_code(
    new_page: Any, miniprogram: MiniProgram, watch: Any
) -> None:
    watch.expected = ("403 (Forbidden)",)
    code = issue(miniprogram, "table=7", label="By the window")
    page = new_page()
    page.goto(f"/codes/{code.pk}/")
    expect(page).to_have_url(f"/login/?next=/codes/{code.pk}/")
    log_in_as(page, make_staff("bob", password=PASSWORD, is_staff=False, is_superuser=False))
    expect(page.get_by_role("heading", name="The gallery is for staff")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_text("By the window")).to_have_count(0)
    expect(page.get_by_role("heading", name="The gallery is for staff")).to_be_visible()
