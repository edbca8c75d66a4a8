"""Pages of a new installation, and pages that refuse, keep nobody out and stand still, as all others do."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE
from tests.browser.looking import look
from tests.browser.standing import in_parts, moves
from tests.parts import make_miniprogram

pytestmark = pytest.mark.browser


def wrong_with(page: Page, address: str) -> list[str]:
    answer = page.goto(address)
    assert answer is not None
    parts = in_parts(answer.text())
    return [*look(page), *moves(page, parts, WIDE), *moves(page, parts, NARROW)]


def test_pages_that_refuse(page: Page, log_in: Any, watch: Any, staff: User) -> None:
    watch.expected = ("404 (Not Found)", "403 (Forbidden)")
    log_in(page)
    found = [*wrong_with(page, "/nothing/here"), *wrong_with(page, "/codes/999999/")]
    # what only wxcode writes
    found += wrong_with(page, "/admin/codes/issuedcode/add/")
    staff.is_staff = staff.is_superuser = False
    staff.save()
    found += wrong_with(page, "/")
    assert found == []


def test_pages_of_the_first_use(page: Page, log_in: Any, sandbox: Any) -> None:
    log_in(page)
    found = wrong_with(page, "/")
    make_miniprogram(sandbox)
    found += [*wrong_with(page, "/"), *wrong_with(page, "/batches/")]
    assert found == []
