"""The frame around every page, and how its controls look: one line of navigation, and what is chosen can be seen."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import NARROW

pytestmark = pytest.mark.browser
LINES = "found => [...new Set(found.map(each => each.getBoundingClientRect().top))].length"
# WCAG's ratio of two colours, each as CSS computes it
CONTRAST = """([one, other]) => {
  function light (color) {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
    const [red, green, blue] = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b)
  return (bright + 0.05) / (dark + 0.05)
}"""


def style_of(page: Page, selector: str, name: str) -> str:
    found: str = page.locator(selector).first.evaluate("(each, name) => getComputedStyle(each)[name]", name)
    return found


def test_the_navigation_fits_one_line_of_a_phone_and_is_balanced_where_it_does_not(page: Page, log_in: Any) -> None:
    log_in(page)
    page.set_viewport_size(NARROW)
    page.goto("/selections/")
    links = page.locator("header nav a")
    expect(links).to_have_count(6)
    assert links.evaluate_all(LINES) == 1
    page.set_viewport_size({"width": 300, "height": 844})
    assert links.evaluate_all(LINES) == 2
    tops = links.evaluate_all("found => found.map(each => each.getBoundingClientRect().top)")
    assert tops.count(tops[-1]) > 1


def test_the_account_is_told_from_the_admin(page: Page, log_in: Any, staff: User) -> None:
    User.objects.filter(pk=staff.pk).update(first_name="Admin")
    log_in(page)
    page.goto("/selections/")
    expect(page.get_by_role("link", name="Admin", exact=True)).to_have_attribute("href", "/admin/")
    expect(page.get_by_role("link", name="Account: Admin")).to_have_attribute("href", "/account/")
    expect(page.locator(".who svg")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_chosen_can_be_seen_and_what_is_not_ticked_does_not_look_disabled(
    page: Page, log_in: Any, miniprogram: MiniProgram, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    log_in(page)
    page.goto("/make/")
    track = style_of(page, ".tabs", "backgroundColor")
    edge = style_of(page, ".tabs input:checked + span", "boxShadow").partition(") ")[0]
    assert page.evaluate(CONTRAST, [track, edge]) >= 3
    unticked = "input[type=checkbox]:not(:checked)"
    assert style_of(page, unticked, "appearance") == "none"
    ground = style_of(page, ".panel", "backgroundColor")
    assert style_of(page, unticked, "backgroundColor") == ground
    assert page.evaluate(CONTRAST, [ground, style_of(page, unticked, "borderTopColor")]) >= 3
