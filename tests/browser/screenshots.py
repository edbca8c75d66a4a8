"""Writes docs/screenshots/: `make screenshots`; pytest does not find it by itself."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE
from tests.browser.pages import ACTIONS, admin_pages, press
from tests.browser.world import World, make_world
from tests.parts import make_miniprogram

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
COLOURS = [128, 64, 32]
MAX_BYTES = 80_000
# as far as a long page is shown
MAX_HEIGHT = 1200
WIDE_LIGHT: dict[str, Any] = {"viewport": WIDE}
WIDE_DARK: dict[str, Any] = {"viewport": WIDE, "color_scheme": "dark"}
NARROW_LIGHT: dict[str, Any] = {"viewport": NARROW}
NARROW_DARK: dict[str, Any] = {"viewport": NARROW, "color_scheme": "dark"}
LOOKS = {"": WIDE_LIGHT, "-dark": WIDE_DARK, "-narrow": NARROW_LIGHT, "-narrow-dark": NARROW_DARK}
ROWS = """\
scene,label,seat
table=1,Table 1,A
桌子=2,桌 2,B
table=3,Table 3,C
table=1,Table 1 again,D
room=1&from=wall,,E
table=a-scene-that-is-far-too-long-for-wechat,Table 6,F
"""


@pytest.fixture
def world(sandbox: Any, staff: User) -> World:
    return make_world(sandbox, staff)


def write(page: Page, name: str, *, whole: bool = False) -> None:
    """A palette PNG of at most MAX_BYTES; `whole`: with what lies below the window."""
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, MAX_HEIGHT)))
    for colours in COLOURS:
        small = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= MAX_BYTES:
            break
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / f"{name}.png").write_bytes(small.getvalue())


@pytest.mark.parametrize("suffix", LOOKS)
def test_write_the_gallery(new_page: Callable[..., Page], log_in: Any, world: World, watch: Any, suffix: str) -> None:
    # the refused form answers 400, which Chromium writes to the console
    watch.expected = ("400 (Bad Request)",)
    page = new_page(**LOOKS[suffix])
    page.goto("/login/")
    write(page, f"login{suffix}")
    log_in(page)
    addresses = {
        "gallery": "/",
        "detail": f"/codes/{world.code.pk}/",
        "make": f"/make/?made={world.code.pk}",
        "batches": "/batches/",
        "batch": f"/batches/{world.batches['done'].pk}/",
        "batch-held": f"/batches/{world.batches['held'].pk}/",
        "nothing-found": "/?q=table&env_version=trial",
        "selection": f"/selections/{world.selection.pk}/",
        "selections": "/selections/",
        "account": reverse("accounts:account"),
        "second-factor": reverse("accounts:set-up"),
    }
    for name, address in addresses.items():
        page.goto(address)
        write(page, f"{name}{suffix}")
    page.goto("/?q=table&kind=unlimited&tag=terrace")
    page.locator(".filters summary").click()
    for tick in page.locator(".picker input").all()[:2]:
        tick.check()
    write(page, f"gallery-selecting{suffix}")
    page.goto(f"/codes/{world.code.pk}/")
    page.get_by_text("1280 px…", exact=True).click()
    write(page, f"detail-larger{suffix}")
    page.goto("/make/")
    page.get_by_label("Scene").fill("桌子 7")
    page.get_by_role("button", name="Create code").click()
    page.get_by_text("check the marked fields").wait_for()
    write(page, f"make-refused{suffix}")
    page.goto("/batches/new/")
    page.get_by_label("Number series").check()
    write(page, f"new-batch{suffix}")
    page.get_by_label("Paste").check()
    page.get_by_label("Rows", exact=True).fill(ROWS)
    page.get_by_role("button", name="Check rows").click()
    page.get_by_role("heading", name="have problems").wait_for()
    write(page, f"new-batch-problems{suffix}")


ADMIN = [
    *("admin", "admin-health", "admin-user-password", "admin-miniprogram-list", "admin-miniprogram-add"),
    *("admin-miniprogram-change", "admin-miniprogram-well", "admin-miniprogram-delete", "admin-miniprogram-history"),
    *("admin-apiclient-list", "admin-apiclient-add", "admin-apiclient-change", "admin-tokenevent-list"),
    *("admin-tokenevent-change", "admin-issuedcode-list", "admin-issuedcode-change", "admin-failedattempt-list"),
    *("admin-failedattempt-change", "admin-lifetimepool-list", "admin-codebatch-list", "admin-codebatch-change"),
    *("admin-batchitem-list", "admin-opendoor-list", "admin-opendoor-change", "admin-logentry-list"),
    *("admin-group-change", "admin-user-list", "admin-user-change"),
]
IN_THE_DARK = {"admin", "admin-miniprogram-change", "admin-miniprogram-list", "admin-issuedcode-list"}


@pytest.mark.parametrize("suffix", ["", "-dark", "-narrow"])
def test_write_the_admin(new_page: Callable[..., Page], log_in: Any, world: World, suffix: str) -> None:
    page = new_page(**LOOKS[suffix])
    log_in(page)
    addresses = admin_pages(world)
    for name in ADMIN:
        if "dark" in suffix and name not in IN_THE_DARK:
            continue
        page.goto(addresses[name])
        write(page, f"{name}{suffix}", whole=True)
    if "dark" not in suffix:
        for name in ACTIONS:
            press(page, world, name)
            write(page, f"{name}{suffix}", whole=True)


@pytest.mark.parametrize(("suffix", "look"), [("", WIDE_LIGHT), ("-narrow", NARROW_LIGHT)])
def test_write_chinese_pages(
    new_page: Callable[..., Page], log_in: Any, world: World, suffix: str, look: dict[str, Any]
) -> None:
    page = new_page(**look, locale="zh-CN")
    page.goto("/login/")
    write(page, f"login-zh{suffix}")
    log_in(page)
    addresses = {
        "gallery": "/",
        "detail": f"/codes/{world.code.pk}/",
        "make": f"/make/?made={world.code.pk}",
        "selection": f"/selections/{world.selection.pk}/",
        "new-batch": "/batches/new/",
        "batch": f"/batches/{world.batches['held'].pk}/",
        "admin": "/admin/",
        "admin-miniprogram": admin_pages(world)["admin-miniprogram-change"],
    }
    for name, address in addresses.items():
        page.goto(address)
        write(page, f"{name}-zh{suffix}", whole=name.startswith("admin"))


def test_write_the_beginning(sandbox: Any, page: Page, log_in: Any, watch: Any) -> None:
    watch.expected = ("404 (Not Found)",)
    log_in(page)
    page.goto("/")
    write(page, "no-miniprogram")
    page.goto("/nothing/here")
    write(page, "not-found")
    make_miniprogram(sandbox, appid="wx5a1e0c4b7d2f9388", name="Lantern Tea House")
    page.goto("/")
    write(page, "first-use")
    page.goto("/batches/")
    write(page, "first-batch")


def test_write_the_page_of_somebody_without_rights(page: Page, log_in: Any, staff: Any, watch: Any) -> None:
    watch.expected = ("403 (Forbidden)",)
    staff.is_staff = staff.is_superuser = False
    staff.save()
    log_in(page)
    page.goto("/")
    write(page, "not-staff")
