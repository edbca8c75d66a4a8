"""What callers write stays data: in log lines, in tables for spreadsheets, in pages."""

import json
import logging

import pytest
from django.test import RequestFactory

from apps.tables.cells import FORMULA_STARTS, harmless
from tests.integration.gallery.staff import make_staff
from tests.parts import make_api
from wxcode.json_logs import RedactingJsonFormatter
from wxcode.redaction import RedactingFormatter
from wxcode.request_ids import RequestIds

FORGED = "x\r\n2026-01-01 00:00:00 INFO wxcode: all is well\u2028\x1b[31m\x00"


def lines(formatter, message, *arguments):
    record = logging.LogRecord("apps.some", logging.INFO, __file__, 1, message, arguments, None)
    return formatter.format(record)


@pytest.mark.parametrize("formatter", [RedactingFormatter("%(levelname)s %(message)s"), RedactingJsonFormatter()])
def test_no_value_begins_a_line_or_moves_the_cursor(formatter):
    written = lines(formatter, "wrong scene %s", FORGED)
    assert written.splitlines() == [written]
    assert not [character for character in written if ord(character) < 32 or ord(character) == 127]


def test_a_traceback_keeps_its_lines_and_each_is_marked():
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("apps.some", logging.ERROR, __file__, 1, "failed", (), info)
    first, *rest = RedactingFormatter("%(levelname)s %(message)s").format(record).splitlines()
    assert first == "ERROR failed" and rest and all(line.startswith("  ") for line in rest)


def test_a_json_record_stays_one_object():
    read = json.loads(lines(RedactingJsonFormatter(), "wrong scene %s", FORGED))
    assert read["message"].startswith("wrong scene x\r\n")


def test_the_line_of_a_request_holds_no_line_break_of_its_path(caplog):
    environ = RequestFactory().get("/x").environ | {"PATH_INFO": f"/{FORGED}"}
    with caplog.at_level(logging.INFO):
        list(RequestIds(lambda _environ, start: start("404 Not Found", []) or [])(environ, lambda *_: None))
    assert caplog.messages and not [line for line in caplog.messages if len(line.splitlines()) > 1]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_cell_that_is_exported_is_a_formula(start):
    assert harmless(f"{start}cmd|' /C calc'!A0").startswith("'")


@pytest.mark.django_db
def test_a_script_in_a_label_is_text_on_every_page(client, sandbox):
    from tests.parts import make_miniprogram

    script = "<script>alert(1)</script>"
    shop = make_miniprogram(sandbox, name=script, default_page="pages/index/index")
    facts = {"appid": shop.appid, "scene": "a=1", "label": script, "tags": [script]}
    made = make_api(name=script).post("/api/v1/codes/", facts, format="json")
    assert made.status_code == 201, made.content
    client.force_login(make_staff(script[:30]))
    pages = ["/", f"/codes/{made.json()['id']}/", "/make/", "/batches/new/", "/account/", "/admin/"]
    pages += ["/admin/codes/issuedcode/", "/admin/miniprograms/miniprogram/", "/admin/clients/apiclient/"]
    for address in pages:
        text = client.get(address).text
        assert script not in text, address
        assert "alert(1)" in text or address in ("/batches/new/",), address
