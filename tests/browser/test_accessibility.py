"""No page violates WCAG 2.1 A and AA, as far as axe-core finds, light and dark, wide and narrow; none is too wide."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import WIDE
from tests.browser.pages import ACTIONS, admin_pages, gallery_pages, has_room, open_pages, press
from tests.browser.world import World
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALLEST = {"width": 360, "height": 740}
LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# preload: axe would copy imported stylesheets into the page, which the policy refuses; no rule of these needs it
EVERYTHING: dict[str, Any] = {"runOnly": LEVELS, "resultTypes": ["violations"], "preload": False}
# what else could differ in the dark is the same in the light
COLOURS: dict[str, Any] = {
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "resultTypes": ["violations"],
    "preload": False,
}
LOOKS: list[tuple[str, Any, Any, dict[str, Any]]] = [
    ("wide, light", WIDE, "light", EVERYTHING),
    ("wide, dark", WIDE, "dark", COLOURS),
    ("narrow, dark", SMALLEST, "dark", COLOURS),
    ("narrow, light", SMALLEST, "light", EVERYTHING),
]
AXE = Axe()
# rules that a part of somebody else's breaks: rule, part of its selector
EXCEPTIONS = {
    # SelectFilter2.js of Django's admin names a magnifying glass that stands beside the labelled field
    ("aria-prohibited-attr", ".search-label-icon"),
}
# the admin's colours fade from one scheme to the other
SETTLED = "() => Promise.allSettled(document.getAnimations().map(animation => animation.finished))"


def look(page: Page) -> list[str]:
    """Every violation on the page that is open, as a line that says where and what."""
    found = []
    address = urlsplit(page.url).path
    for name, viewport, scheme, options in LOOKS:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLED)
        if not has_room(page):
            found.append(f"{address} ({name}): reading it takes scrolling sideways")
        for violation in AXE.run(page, options=options).response["violations"]:
            for node in violation["nodes"]:
                if any(violation["id"] == rule and part in str(node["target"]) for rule, part in EXCEPTIONS):
                    continue
                why = " ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
                found.append(f"{address} ({name}): {violation['id']} at {node['target']}: {why}")
    return found


def look_at_all(page: Page, addresses: Any) -> str:
    found = []
    for address in addresses:
        answer = page.goto(address)
        # 403: the admin's page to add what only wxcode writes
        assert answer is not None and answer.status in (200, 403), address
        found += look(page)
    return "\n".join(found)


def test_nobody_is_kept_from_the_login(page: Page, staff: Any) -> None:
    found = look_at_all(page, open_pages().values())
    assert not found, found


def test_nobody_is_kept_from_the_gallery(page: Page, log_in: Any, world: World) -> None:
    log_in(page)
    found = look_at_all(page, gallery_pages(world).values())
    assert not found, found


def test_nobody_is_kept_from_what_a_page_of_the_gallery_asks(page: Page, log_in: Any, world: World, watch: Any) -> None:
    watch.expected = ("400 (Bad Request)",)
    log_in(page)
    page.goto(f"/codes/{world.code.pk}/")
    page.get_by_text("Label and tags…", exact=True).click()
    found = look(page)
    page.get_by_text("1280 px…", exact=True).click()
    found += look(page)
    page.goto(f"/selections/{world.selection.pk}/")
    page.get_by_label("Edge in mm").fill("wide")
    page.get_by_role("button", name="Sheets PDF").click()
    page.get_by_text("look at the marked fields").wait_for()
    found += look(page)
    assert not found, "\n".join(found)


def test_nobody_is_kept_from_the_admin(page: Page, log_in: Any, world: World, watch: Any) -> None:
    # what only wxcode writes has no page to add a row
    watch.expected = ("403 (Forbidden)",)
    log_in(page)
    found = look_at_all(page, admin_pages(world).values())
    assert not found, found


def test_nobody_is_kept_from_what_the_buttons_of_the_admin_ask(page: Page, log_in: Any, world: World) -> None:
    log_in(page)
    found = []
    for name in ACTIONS:
        press(page, world, name)
        found += look(page)
    assert not found, "\n".join(found)


def test_nobody_is_kept_from_the_pages_that_refuse(page: Page, log_in: Any, watch: Any, staff: Any) -> None:
    watch.expected = ("404 (Not Found)", "403 (Forbidden)")
    log_in(page)
    page.goto("/nothing/here")
    found = look(page)
    page.goto("/codes/999999/")
    found += look(page)
    staff.is_staff = staff.is_superuser = False
    staff.save()
    page.goto("/")
    found += look(page)
    assert not found, "\n".join(found)


def test_nobody_is_kept_from_the_first_use(page: Page, log_in: Any, sandbox: Any) -> None:
    log_in(page)
    found = look(page)
    make_miniprogram(sandbox)
    for address in ("/", "/batches/"):
        page.goto(address)
        found += look(page)
    assert not found, "\n".join(found)


def test_a_field_without_a_label_would_be_found(page: Page, staff: Any) -> None:
    page.goto("/login/")
    page.evaluate("document.querySelector('label[for=id_username]').remove()")
    violations = AXE.run(page, options=EVERYTHING).response["violations"]
    assert [violation["id"] for violation in violations] == ["label"]
