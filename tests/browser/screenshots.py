"""Writes docs/screenshots/: `python -m pytest tests/browser/screenshots.py` (pytest does not find it by itself)."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page

from apps.batches.models import BatchItem, BatchState, CodeBatch, ItemState
from apps.batches.ordering import BatchOrder, create_batch
from apps.codes.models import Door, IssuedCode
from apps.codes.requests import Issuer
from apps.miniprograms.models import MiniProgram
from apps.wechat.types import LineColor
from tests.batches.conftest import source_of
from tests.batches.conftest import work as work
from tests.browser.conftest import NARROW, WIDE
from tests.gallery.staff import issue
from tests.parts import make_miniprogram

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
COLOURS = 128
MAX_BYTES = 150_000
PAGES = ["pages/index/index", "pages/table/table", "pages/exhibit/show", "pages/bike/unlock"]
TEA = [f"Table {number}" for number in range(1, 13)] + ["靠窗 3 号桌", "外带取餐", "Terrace 1", "Terrace 2"]
ART = ["Bronze hall", "青铜器展厅", "Ming vases", "Audio guide", "Gift shop", "Cloakroom", "Rear garden", "Cinema"]


@pytest.fixture
def full(sandbox: Any, staff: Any) -> IssuedCode:
    """60 codes of three mini-programs; answers the one to open."""
    for number, (appid, name) in enumerate(
        [
            ("wx5a1e0c4b7d2f9388", "Lantern Tea House"),
            ("wxc3b28e6f01d74a95", "城市博物馆 City Museum"),
            ("wx90f7d3a6e25b1c84", "Two Wheels"),
        ]
    ):
        sandbox.register(appid, f"{number:032d}", released_pages=PAGES)
        make_miniprogram(appid=appid, name=name, secret=f"{number:032d}", default_page=PAGES[number + 1])
    tea, art, bikes = MiniProgram.objects.order_by("pk")
    for number in range(1, 36):
        issue(bikes, f"b={number:05d}&s=7f{number:02d}", page=PAGES[3], by="client:bike-backend")
    for number, label in enumerate(ART):
        version = "trial" if number in (2, 5) else "release"
        issue(art, f"room={number + 1}&from=wall", page=PAGES[2], label=label, env_version=version)
    for number, label in enumerate(TEA, start=1):
        look: dict[str, Any] = {"line_color": LineColor(11, 122, 69)} if number % 4 == 0 else {}
        issue(tea, f"table={number}", page=PAGES[1], label=label, by="staff:li.wei", **look)
    issue(art, "poster=autumn", page=PAGES[2], label="Autumn poster 秋季海报", is_hyaline=True, width=860)
    codes = list(IssuedCode.objects.all())
    for position, code in enumerate(codes):
        code.issued_at = timezone.now() - timedelta(minutes=7 * position**1.5)
    IssuedCode.objects.bulk_update(codes, ["issued_at"])
    opened: IssuedCode = IssuedCode.objects.get(label="靠窗 3 号桌")
    return opened


def order(miniprogram: MiniProgram, name: str, count: int, *, by: str, label: str = "", **fields: Any) -> CodeBatch:
    """A batch as it looks with `fields`; nobody works on it."""
    rows = [{"scene": f"n={number}&of={count}", "label": f"{label} {number}".strip()} for number in range(count)]
    issuer = Issuer(label=by, door=Door.GALLERY)
    batch, _report = create_batch(BatchOrder(miniprogram, name, source_of(*rows), issuer, {"page": PAGES[1]}))
    CodeBatch.objects.filter(pk=batch.pk).update(**fields)
    return batch


@pytest.fixture
def batches(full: IssuedCode, work: Any) -> dict[str, CodeBatch]:
    """One batch in each state; `done` has really run."""
    tea, art, bikes = MiniProgram.objects.order_by("pk")
    now = timezone.now()
    done = order(tea, "Tables, spring 2026", 28, by="staff:anna", label="Table")
    BatchItem.objects.filter(batch=done, row__in=(9, 17)).update(page="pages/none/none")
    work(done)
    seat = order(art, "座位牌 Seats", 400, by="staff:li.wei", state=BatchState.CANCELLED, issued=131)
    held = order(art, "Congress badges", 1200, by="staff:anna", issued=420, state=BatchState.HELD)
    reason = {
        "hold_code": "wechat_refused_credentials",
        "hold_errcode": 40164,
        "hold_rid": "6560e2ab-1c9f3b1e-7d2a51ce",
        "hold_detail": "WeChat does not accept calls from this address.",
        "hold_advice": "Add 203.0.113.7 to the IP whitelist of the mini-program in the WeChat console.",
        "resume_at": now + timedelta(seconds=90),
    }
    CodeBatch.objects.filter(pk=held.pk).update(**reason)
    paused = order(tea, "Terrace and garden", 64, by="staff:li.wei", issued=20, state=BatchState.PAUSED)
    pace = [[now.timestamp() - 55, 610], [now.timestamp() + 600, 5320]]
    order(bikes, "Locks of the north depot", 9000, by="staff:anna", issued=5310, failed=12, pace=pace)
    for minutes, batch in enumerate((done, seat, held, paused)):
        CodeBatch.objects.filter(pk=batch.pk).update(created_at=now - timedelta(minutes=310 - 64 * minutes))
    BatchItem.objects.filter(batch=seat).update(state=ItemState.CANCELLED)
    return {"done": done, "held": held}


def write(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (COLOURS, 64, 32, 16):
        small = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= MAX_BYTES:
            break
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / f"{name}.png").write_bytes(small.getvalue())


LOOKS: dict[str, dict[str, Any]] = {
    "": {"viewport": WIDE},
    "-dark": {"viewport": WIDE, "color_scheme": "dark"},
    "-narrow": {"viewport": NARROW},
    "-narrow-dark": {"viewport": NARROW, "color_scheme": "dark"},
}


def test_write_screenshots(new_page: Callable[..., Page], log_in: Any, full: IssuedCode, watch: Any) -> None:
    # the refused form answers 400, which Chromium writes to the console
    watch.expected = ("400 (Bad Request)",)
    for suffix, look in LOOKS.items():
        page = new_page(**look)
        page.goto("/login/")
        write(page, f"login{suffix}")
        log_in(page)
        write(page, f"gallery{suffix}")
        page.goto(f"/codes/{full.pk}/")
        write(page, f"detail{suffix}")
        page.goto(f"/make/?made={full.pk}")
        write(page, f"make{suffix}")
        page.goto("/make/")
        page.get_by_label("Scene").fill("桌子 7")
        page.get_by_role("button", name="Make the code").click()
        page.get_by_text("look at the marked fields").wait_for()
        write(page, f"make-refused{suffix}")
        page.goto("/admin/codes/issuedcode/")
        write(page, f"admin{suffix}")


ROWS = """\
scene,label,seat
table=1,Table 1,A
桌子=2,桌 2,B
table=3,Table 3,C
table=1,Table 1 again,D
room=1&from=wall,,E
table=a-scene-that-is-far-too-long-for-wechat,Table 6,F
"""


def test_write_screenshots_of_batches(
    new_page: Callable[..., Page], log_in: Any, batches: dict[str, CodeBatch]
) -> None:
    for suffix, look in LOOKS.items():
        page = new_page(**look)
        page.goto("/login/")
        log_in(page)
        page.goto("/batches/")
        write(page, f"batches{suffix}")
        page.goto(f"/batches/{batches['held'].pk}/")
        write(page, f"batch-held{suffix}")
        page.goto("/batches/new/")
        page.get_by_label("Count up").check()
        write(page, f"new-batch{suffix}")
        page.get_by_label("Paste").check()
        page.get_by_label("Rows", exact=True).fill(ROWS)
        page.get_by_role("button", name="Check the rows").click()
        page.get_by_role("heading", name="have problems").wait_for()
        write(page, f"new-batch-problems{suffix}")
        page.goto(f"/batches/{batches['done'].pk}/")
        write(page, f"batch{suffix}")


def test_write_screenshots_of_the_beginning(sandbox: Any, page: Page, log_in: Any) -> None:
    log_in(page)
    write(page, "no-miniprogram")
    make_miniprogram(sandbox, appid="wx5a1e0c4b7d2f9388", name="Lantern Tea House")
    page.goto("/")
    write(page, "first-use")
    page.goto("/batches/")
    write(page, "first-batch")
