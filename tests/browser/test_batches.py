"""A batch in a real browser: check, mend, start, watch, pause, resume, take the files."""

import csv
import io
import re
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from apps.batches import engine
from apps.batches.models import BatchState, CodeBatch
from apps.miniprograms.models import MiniProgram
from tests.browser.conftest import PATIENCE_MILLISECONDS, SMALLEST
from tests.browser.downloads import download
from tests.browser.tables import shown_headings
from tests.integration.batches.conftest import calls_at_once
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.gallery.staff import issue

pytestmark = pytest.mark.browser
CODE = "/wxa/getwxacodeunlimit"
COUNT = 60
DOTS_PER_INCH = 60
# how often a page asks for news of batches that have ended
POLL_MILLISECONDS = 15_000
# four beside each other with two lines below leave room for four rows
PER_SHEET = 16


@pytest.fixture
def one_call(settings: Any) -> Iterator[None]:
    """Batches ask WeChat for one code after the other."""
    with calls_at_once(settings, 1):
        yield


def table(count: int, *wrong: str) -> bytes:
    rows = [f"table={number},Table {number} 桌,seat {number}" for number in range(1, count + 1)]
    return "\r\n".join(["scene,label,座位", *rows, *wrong]).encode("gb18030")


def upload(page: Page, content: bytes, name: str = "tables.csv") -> None:
    page.get_by_label(re.compile("CSV or XLSX file|Choose a different file")).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Check rows").click()


def number_of(page: Page, name: str) -> Locator:
    return page.locator("#progress .numbers > div", has_text=re.compile(name)).locator("dd")


def count_issued(page: Page) -> int:
    return int(number_of(page, "created").inner_text().replace(",", ""))


def test_from_a_table_with_mistakes_to_printed_sheets(
    page: Page, log_in: Any, sandbox: Any, miniprogram: MiniProgram, worker: Any, one_call: None, tmp_path: Path
) -> None:
    # after the first code there is a minute to pause the others
    sandbox.latency(1, endpoint=CODE)
    log_in(page)
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Batches").click()
    page.get_by_role("link", name="Start the first batch").click()

    upload(page, table(COUNT, "桌子=7,wrong,x", f"{'t' * 40},long,y", "table=1,twice,z"))
    expect(page.get_by_role("heading", name="2 rows have problems")).to_be_visible()
    problems = page.get_by_role("region", name="Problems").get_by_role("row")
    expect(problems.filter(has_text=str(COUNT + 2)).first).to_contain_text("'桌' at 1")
    expect(problems.filter(has_text=str(COUNT + 3))).to_contain_text("8 characters too long")
    expect(page.get_by_text("1 row duplicates an earlier row")).to_be_visible()
    assert (CodeBatch.objects.count(), sandbox.count(CODE)) == (0, 0)

    upload(page, table(COUNT), "Spring tables.csv")
    expect(page.get_by_role("heading", name="All rows are valid")).to_be_visible()
    expect(page.get_by_text("is kept for an hour")).to_contain_text("Spring tables.csv")
    page.get_by_role("button", name=f"Create {COUNT} codes").click()
    expect(page.get_by_role("heading", name="Spring tables")).to_be_visible()

    assert count_issued(page) == 0
    worker()
    # the page moves by itself
    expect(number_of(page, "created")).not_to_have_text("0")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#progress .badge")).to_have_text("paused")
    # what was under way is finished, and nothing begins
    engine.wait_for_runs(PATIENCE_MILLISECONDS / 1000)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("batches-")]
    page.reload()
    assert 0 < count_issued(page) == sandbox.count(CODE) < COUNT

    sandbox.latency(0, endpoint=CODE)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#progress .badge")).to_have_text("running")
    worker()
    expect(page.locator("#progress .badge")).to_have_text("done")
    assert count_issued(page) == COUNT
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    assert sandbox.count(CODE) == COUNT
    # it asks no more
    expect(page.locator("#progress")).not_to_have_attribute("hx-trigger", re.compile("."))

    check_zip(download(page, tmp_path, lambda: page.get_by_role("link", name="Images ZIP").click(no_wait_after=True)))
    page.get_by_label("Codes per row").select_option("4")
    page.get_by_label("Second line").select_option("座位")
    check_sheets(
        download(page, tmp_path, lambda: page.get_by_role("button", name="Print sheets PDF").click(no_wait_after=True))
    )
    page.get_by_role("link", name="All codes of this batch").click()
    expect(page.locator(".chip")).to_contain_text("Spring tables")
    expect(page.locator(".card")).to_have_count(COUNT)


def check_zip(place: Path) -> None:
    assert place.name == "Spring tables.zip"
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == COUNT + 1
        assert {"Table 1 桌.jpg", f"Table {COUNT} 桌.jpg", "manifest.csv"} <= set(names)
        assert Image.open(io.BytesIO(archive.read("Table 7 桌.jpg"))).size == (430, 430)
        manifest = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
    assert [row["wxcode_file"] for row in manifest] == names[:-1]
    assert (manifest[6]["scene"], manifest[6]["座位"], manifest[6]["wxcode_state"]) == ("table=7", "seat 7", "issued")


def check_sheets(place: Path) -> None:
    body = place.read_bytes()
    assert body.startswith(b"%PDF-")
    assert body.count(b"/Type /Page\n") == -(-COUNT // PER_SHEET)
    if shutil.which("pdftoppm") is None or shutil.which("pdftotext") is None:
        return
    picture = place.with_suffix("")
    subprocess.run(
        ["pdftoppm", "-r", str(DOTS_PER_INCH), "-f", "1", "-l", "1", "-png", "-singlefile", place, picture], check=True
    )
    with Image.open(picture.with_suffix(".png")) as sheet:
        # A4 at that resolution
        assert sheet.size == pytest.approx((210 / 25.4 * DOTS_PER_INCH, 297 / 25.4 * DOTS_PER_INCH), abs=1.5)
        shades = sheet.convert("L").histogram()
    dark = sum(shades[:128]) / sum(shades)
    assert 0.02 < dark < 0.6
    text = subprocess.run(["pdftotext", "-l", "1", place, "-"], check=True, capture_output=True, text=True).stdout
    for words in ("Spring tables", f"Page 1 of {-(-COUNT // PER_SHEET)}", "Table 7 桌", "seat 7"):
        assert words in text


def test_the_word_of_the_end_comes_by_itself_and_goes_without_a_reload(
    new_page: Callable[..., Page], log_in: Any, staff: Any, miniprogram: MiniProgram, make_batch: Any
) -> None:
    issue(miniprogram, "a=1")
    batch = make_batch(2, name="Tables")
    CodeBatch.objects.filter(pk=batch.pk).update(issued_by=f"staff:{staff.username}")
    page = new_page()
    log_in(page)
    page.clock.install()
    page.goto("/")
    page.get_by_role("searchbox").fill("a=1")
    CodeBatch.objects.filter(pk=batch.pk).update(state=BatchState.DONE, issued=2, finished_at=timezone.now())
    notice = page.get_by_text("The batch “Tables” is done: 2 created.")
    page.clock.fast_forward(POLL_MILLISECONDS)
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Dismiss Tables").click()
    expect(notice).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_have_value("a=1")
    page.reload()
    expect(notice).to_have_count(0)


def test_a_pattern_shows_what_it_makes_while_it_is_typed(page: Page, log_in: Any, miniprogram: MiniProgram) -> None:
    log_in(page)
    page.goto("/batches/new/")
    expect(page.get_by_label("CSV or XLSX file")).to_be_visible()
    page.get_by_label("Number series").check()
    expect(page.get_by_label("CSV or XLSX file")).to_be_hidden()
    page.get_by_label("To", exact=True).first.fill("120")
    page.get_by_label("Digits").first.fill("3")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("120 codes")
    expect(preview).to_contain_text("table=001")
    expect(preview).to_contain_text("table=120")
    page.get_by_role("button", name="Check rows").click()
    expect(page.get_by_role("button", name="Create 120 codes")).to_be_visible()
    expect(page.get_by_label("Number series")).to_be_checked()
    expect(page.get_by_label("Digits").first).to_have_value("3")


def test_the_check_of_a_page_is_not_offered_for_codes_that_have_none(
    page: Page, log_in: Any, miniprogram: MiniProgram
) -> None:
    log_in(page)
    page.goto("/batches/new/")
    page.get_by_label("Kind of code").select_option("qrcode")
    expect(page.get_by_label("Check that the page is published")).to_be_hidden()
    expect(page.get_by_label("Line colour")).to_be_hidden()
    expect(page.get_by_text("The table needs a column “page”")).to_be_visible()


def test_a_batch_is_ordered_and_steered_without_javascript(
    new_page: Callable[..., Page], log_in: Any, miniprogram: MiniProgram
) -> None:
    page = new_page(java_script_enabled=False)
    log_in(page)
    page.goto("/batches/new/")
    page.get_by_label("Paste").check()
    page.get_by_label("Rows", exact=True).fill("t=1,one\n桌=2,two\nt=3,three")
    page.get_by_role("button", name="Check rows").click()
    expect(page.get_by_label("Rows", exact=True)).to_have_value("t=1,one\n桌=2,two\nt=3,three")
    page.get_by_role("button", name="Skip 1 row and start").click()
    expect(page.locator("#progress .badge")).to_have_text("running")
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#progress .badge")).to_have_text("paused")
    page.get_by_text("Cancel…").click()
    page.get_by_role("button", name="Cancel the batch").click()
    expect(page.locator("#progress .badge")).to_have_text("cancelled")
    page.get_by_text("Rename…").click()
    page.get_by_label("Name").fill("Two tables")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="Two tables")).to_be_visible()


def test_what_is_typed_stays_while_the_page_moves(
    page: Page, log_in: Any, miniprogram: MiniProgram, make_batch: Any
) -> None:
    batch = make_batch(40)
    CodeBatch.objects.filter(pk=batch.pk).update(issued=1)
    log_in(page)
    page.goto(f"/batches/{batch.pk}/")
    page.get_by_label("Code size in mm").fill("41")
    page.get_by_role("button", name="Pause").focus()
    CodeBatch.objects.filter(pk=batch.pk).update(issued=30)
    expect(number_of(page, "created")).to_have_text("30")
    expect(page.get_by_label("Code size in mm")).to_have_value("41")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()


def test_problems_stand_below_their_headings_in_the_readers_language(
    new_page: Callable[..., Page], log_in: Any, miniprogram: MiniProgram
) -> None:
    page = new_page(viewport=SMALLEST, locale="zh-CN")
    log_in(page)
    page.goto("/batches/new/")
    page.get_by_label("粘贴").check()
    page.locator("#id_text").fill("a b\nok=1")
    page.get_by_role("button", name="检查数据").click()
    page.get_by_text("处理办法").first.wait_for(state="attached")
    # below those of the row that was read
    assert shown_headings(page)[-4:] == ['"行号"', '"列"', '"值"', '"处理办法"']
