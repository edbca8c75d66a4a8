"""A session that ends while somebody types: what was typed is there again after the login, and nothing has begun."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from apps.batches.models import CodeBatch
from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from tests.integration.gallery.staff import PASSWORD, issue

pytestmark = pytest.mark.browser


def send_too_late(page: Page, staff: Any, button: str) -> None:
    """The session ends, the form is sent, and its sender logs in again."""
    Session.objects.all().delete()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Your session has ended. Log in to continue; what you entered is kept.")).to_be_visible()
    page.get_by_label("Username").fill(staff.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_a_batch_keeps_its_rows_and_says_that_the_file_is_gone(
    page: Page, log_in: Any, staff: Any, miniprogram: MiniProgram
) -> None:
    log_in(page)
    page.goto("/batches/new/")
    page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": "tables.csv", "mimeType": "text/csv", "buffer": b"scene\nt=1\n"}
    )
    page.get_by_label("Paste").check()
    page.get_by_label("Rows").fill("t=1,Window 窗边\nt=2,Door")
    page.get_by_label("Name", exact=True).first.fill("Spring tables")
    page.get_by_label("Tags").fill("hall")
    send_too_late(page, staff, "Check rows")
    expect(page.get_by_text("nothing was started")).to_be_visible()
    expect(page.get_by_text("The file wasn’t kept. Choose it again.")).to_be_visible()
    expect(page.get_by_label("Rows")).to_have_value("t=1,Window 窗边\nt=2,Door")
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Spring tables")
    expect(page.get_by_label("Tags")).to_have_value("hall")
    page.get_by_role("button", name="Check rows").click()
    expect(page.get_by_role("heading", name="All rows are valid")).to_be_visible()
    assert CodeBatch.objects.count() == 0


def test_a_code_keeps_its_fields(page: Page, log_in: Any, staff: Any, miniprogram: MiniProgram) -> None:
    log_in(page)
    page.goto("/make/")
    page.get_by_label("Scene").fill("table=7")
    page.get_by_label("Label").fill("窗边")
    send_too_late(page, staff, "Create code")
    expect(page.get_by_text("nothing was created")).to_be_visible()
    expect(page.get_by_label("Scene")).to_have_value("table=7")
    expect(page.get_by_label("Label")).to_have_value("窗边")
    assert IssuedCode.objects.count() == 0


def test_a_search_keeps_the_words_of_the_moment(page: Page, log_in: Any, staff: Any, miniprogram: MiniProgram) -> None:
    issue(miniprogram, "table=7", label="窗边")
    log_in(page)
    page.goto("/")
    Session.objects.all().delete()
    page.get_by_role("searchbox").fill("窗边")
    expect(page.get_by_text("Your session has ended. Log in to continue; what you entered is kept.")).to_be_visible()
    page.get_by_label("Username").fill(staff.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("searchbox")).to_have_value("窗边")
    expect(page.get_by_role("heading", name="窗边")).to_be_visible()
