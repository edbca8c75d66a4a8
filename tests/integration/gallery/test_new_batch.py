"""Ordering a batch in the gallery: check, mend, start; what was given is never lost, and no file harms."""

import html
import io
import re
import time
import zipfile

import openpyxl
import pytest
from django.core import signing
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.batches import uploads
from apps.batches.models import BatchItem, BatchState, CodeBatch, ItemState
from apps.batches.ordering import BatchOrder, create_batch
from apps.gallery import failed_rows
from apps.wechat.errcodes import find_errcode
from tests.integration.batches.conftest import source_of
from tests.integration.gallery.staff import PAGE, issue, make_staff
from tests.parts import ISSUER, make_miniprogram
from tests.unit.batches.packages import package, table
from tests.unit.batches.packages import text as sheet_text
from tests.unit.batches.test_reading import BOMB, SHEET, with_member, workbook

pytestmark = pytest.mark.django_db
CODE = "/wxa/getwxacodeunlimit"
ADDRESS = "/batches/new/"
PATTERN = {
    "scene_pattern": "r={room}&t={n}",
    "label_pattern": "{room} {n}",
    "variable-0-name": "room",
    "variable-0-values": "hall, terrace",
    "variable-1-name": "{n}",
    "variable-1-first": "9",
    "variable-1-last": "10",
    "variable-1-pad": "3",
}


@pytest.fixture(autouse=True)
def no_uploads(db):
    yield
    for name in kept_files():
        default_storage.delete(f"{uploads.DIRECTORY}/{name}")


def kept_files():
    try:
        return default_storage.listdir(uploads.DIRECTORY)[1]
    except FileNotFoundError:
        return []


def form(chosen, /, **changes):
    """What the browser sends for the untouched form with three pasted rows."""
    values = {
        "miniprogram": chosen.appid,
        "name": "",
        "source": "text",
        "text": "t=1,one\nt=2,two\nt=3,three",
        "kind": "unlimited",
        "page": PAGE,
        "env_version": "release",
        "check_path": "on",
        "width": "430",
        "color": "black",
        "line_color": "#000000",
        "tags": "",
        "action": "check",
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def send(client, chosen, /, **changes):
    return client.post(ADDRESS, form(chosen, **changes))


def csv_file(text="scene,label\nt=1,one\n", name="tables.csv"):
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())


def token_in(answer):
    found = re.search(r'name="kept" value="([^"]+)"', answer.text)
    return found and found[1]


def numbers(answer):
    """What the report counts: {"rows": "3", ...}."""
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", answer.text))


def test_the_form_begins_with_the_defaults_of_the_mini_program(staff, sandbox):
    make_miniprogram(sandbox, name="A")
    other = make_miniprogram(sandbox, name="B", default_page="pages/detail/detail", env_version="trial")
    text = staff.get(f"{ADDRESS}?miniprogram={other.appid}").text
    assert f'value="{other.appid}" selected' in text
    assert 'name="page" value="pages/detail/detail"' in text


def test_a_check_counts_and_spends_nothing(staff, sandbox, miniprogram):
    existing = issue(miniprogram, "t=2")
    spent = sandbox.count(CODE)
    answer = send(staff, miniprogram, text="t=1,one\nt=2,two\nt=1,again\nt=4,four")
    assert answer.status_code == 200
    assert numbers(answer) | {
        "rows": "4", "valid": "4", "invalid": "0", "duplicates": "1", "already exist": "1",
        "to create": "2",
    } == numbers(answer)  # fmt: skip
    assert "row 3 = row 1" in answer.text
    assert f'row 2: <a href="/codes/{existing.pk}/">' in answer.text
    assert "Create 4 codes" in answer.text
    assert (CodeBatch.objects.count(), sandbox.count(CODE)) == (0, spent)


def test_every_problem_is_listed_with_row_column_value_and_cure_and_the_text_stays(staff, miniprogram):
    text = "scene,width\nt=1,430\n桌子,430\nt=3,7\n"
    answer = send(staff, miniprogram, text=text, name="Spring")
    assert "2 rows have problems" in answer.text
    rows = re.findall(
        r'<td class="number"[^>]*>(\d+)</td><td[^>]*>(\w+)</td><td[^>]*><code class="long">([^<]*)</code></td>',
        answer.text,
    )
    assert rows == [("3", "scene", "桌子"), ("4", "width", "7")]
    assert "from 280 to 1280" in answer.text
    assert "桌子,430\n" in answer.text.replace("\r\n", "\n")
    assert 'value="Spring"' in answer.text
    assert "Skip 2 rows and start" in answer.text


def test_warnings_the_sheet_and_what_was_passed_over_are_shown(staff, miniprogram):
    cells = sheet_text("A3", "t=1") + '<c r="B3" t="d"><v>2026-06-01</v></c>'
    book = package(table(["六月"], ["scene", "label"], cells), table(["scene"], ["x"])).getvalue()
    answer = send(staff, miniprogram, source="file", file=csv_file(book, name="tables.xlsx"))
    assert "Every row can be created, but look at the warnings" in answer.text
    assert '<code class="long">2026-06-01</code>' in answer.text
    assert "Sheet that was read: Sheet1" in answer.text
    assert "Only the sheet “Sheet1” was read." in answer.text
    assert "Row 2 names the columns" in answer.text
    assert "Create 1 code" in answer.text


def test_a_start_makes_the_batch_of_whoever_started_it(staff, miniprogram):
    answer = send(
        staff, miniprogram, action="start", name="Tables", tags="hall, spring", color="own", line_color="#0b7a45"
    )
    batch = CodeBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/batches/{batch.pk}/")
    assert (batch.name, batch.state, batch.total) == ("Tables", BatchState.RUNNING, 3)
    assert (batch.issued_by, batch.door, batch.client, batch.line_color) == ("staff:anna", "gallery", None, "#0b7a45")
    first = batch.items.first()
    assert (first.scene, first.label, first.tags, first.page, first.check_path) == (
        "t=1",
        "one",
        ["hall", "spring"],
        PAGE,
        True,
    )


def test_a_start_with_problems_is_refused_with_the_list_or_leaves_them_out(staff, miniprogram):
    refused = send(staff, miniprogram, text="t=1\n桌", action="start")
    assert refused.status_code == 400
    assert "Not started: some rows have problems" in refused.text
    assert not CodeBatch.objects.exists()
    assert send(staff, miniprogram, text="t=1\n桌", action="start-valid").status_code == 302
    assert BatchItem.objects.count() == 1


def test_an_uploaded_file_is_kept_between_check_and_start(staff, miniprogram):
    checked = send(staff, miniprogram, source="file", file=csv_file(), text="")
    assert "<strong>tables.csv</strong>" in checked.text
    token = token_in(checked)
    assert len(kept_files()) == 1
    again = send(staff, miniprogram, source="file", kept=token)
    assert "All rows are valid" in again.text
    assert token_in(again)
    started = send(staff, miniprogram, source="file", kept=token_in(again), action="start")
    assert started.status_code == 302
    assert CodeBatch.objects.get().name == "tables"
    assert kept_files() == []


def test_a_storage_that_takes_no_file_is_told_beside_the_form(staff, miniprogram, monkeypatch):
    def refuse(name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", refuse)
    table = SimpleUploadedFile("shop.csv", b"scene\nt=1\n")
    answer = staff.post(ADDRESS, form(miniprogram, source="file", file=table, name="Autumn") | {"action": "check"})
    assert answer.status_code == 503
    assert "No space left on device" in answer.text and "Autumn" in answer.text
    assert kept_files() == [] and not CodeBatch.objects.exists()


def test_a_mended_file_replaces_the_kept_one(staff, miniprogram):
    token = token_in(send(staff, miniprogram, source="file", file=csv_file("scene\n桌\n")))
    answer = send(staff, miniprogram, source="file", kept=token, file=csv_file("scene\na\nb\n", name="mended.csv"))
    assert "mended.csv" in answer.text
    assert numbers(answer)["valid"] == "2"


def test_a_file_is_kept_even_if_another_field_is_wrong(staff, miniprogram):
    answer = send(staff, miniprogram, source="file", file=csv_file(), width="7")
    assert answer.status_code == 400
    assert "from 280 to 1280" in answer.text
    assert token_in(answer)


@pytest.mark.parametrize("kind", ["forged", "path", "another's", "old", "gone", "empty"])
def test_a_token_that_is_not_good_reads_no_file(staff, miniprogram, kind):
    token = token_in(send(staff, miniprogram, source="file", file=csv_file()))
    if kind == "forged":
        token = token[:-2] + ("aa" if token[-2:] != "aa" else "bb")
    elif kind == "path":
        token = "../../etc/passwd"
    elif kind == "another's":
        staff.force_login(make_staff("bob"))
    elif kind == "old":
        place, name, size, owner = signing.loads(token, salt=uploads.SALT)
        with pytest.MonkeyPatch.context() as patch:
            past = time.time() - uploads.KEPT_SECONDS - 5
            patch.setattr("django.core.signing.time.time", lambda: past)
            token = signing.dumps([place, name, size, owner], salt=uploads.SALT)
    elif kind == "gone":
        default_storage.delete(f"{uploads.DIRECTORY}/{kept_files()[0]}")
    else:
        token = ""
    answer = send(staff, miniprogram, source="file", kept=token, action="start")
    assert answer.status_code == 400
    assert "Choose" in answer.text
    assert not CodeBatch.objects.exists()


def test_what_was_kept_longer_than_an_hour_is_removed(staff, miniprogram):
    send(staff, miniprogram, source="file", file=csv_file())
    default_storage.save(f"{uploads.DIRECTORY}/not-ours", csv_file())
    now = time.time()
    assert uploads.tidy_uploads(now=now + uploads.KEPT_SECONDS - 5) == 0
    assert uploads.tidy_uploads(now=now + uploads.KEPT_SECONDS + 5) == 1
    assert kept_files() == ["not-ours"]


def test_a_spreadsheet_is_read(staff, miniprogram):
    file = SimpleUploadedFile("桌子.xlsx", workbook(["场景", "名称", "座位"], ["t=1", "一号桌", "A1"]).getvalue())
    answer = send(staff, miniprogram, source="file", file=file)
    assert numbers(answer)["valid"] == "1"
    assert '<span class="badge">座位</span>' in answer.text


def test_a_hostile_file_is_refused_in_words_with_the_form_kept(staff, miniprogram):
    """What is hostile in all is said by tests/unit/batches/test_reading.py."""
    bomb = with_member(workbook(["scene"]), "xl/worksheets/sheet1.xml", BOMB + SHEET % b"").getvalue()
    for content, words in (
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text"),
        (b"PK\x03\x04 and nothing else", "not an XLSX file"),
        (b"", "The table has no rows"),
        (b"a,b\n1,2\n", "no column"),
        (b"scene" + b",c" * 1_000_000 + b"\n", "is not valid CSV|columns"),
        (b"scene\nt=1" + b",x" * 1_000 + b"\n", "columns"),
        (bomb, "when unpacked"),
    ):
        answer = send(staff, miniprogram, source="file", file=csv_file(content, name="x.xlsx"), name="Kept")
        assert answer.status_code == 400, words
        assert re.search(words, answer.text)
        assert 'value="Kept"' in answer.text
    assert not CodeBatch.objects.exists()


def test_a_file_that_is_too_large_is_refused_and_not_kept(staff, miniprogram, monkeypatch):
    monkeypatch.setattr(uploads, "BODY_MAX_BYTES", 1000)
    answer = send(staff, miniprogram, source="file", file=csv_file("scene\n" + "t\n" * 1000), name="Kept")
    assert answer.status_code == 413
    assert 'value="Kept"' in answer.text
    assert kept_files() == []


def test_more_rows_than_a_batch_may_have_are_refused(staff, miniprogram, monkeypatch):
    from apps.batches import ordering

    monkeypatch.setattr(ordering, "MAX_ROWS", 3)
    answer = send(staff, miniprogram, text="a\nb\nc\nd", action="start")
    assert answer.status_code == 413
    assert "more than 3 rows" in answer.text


def test_the_name_of_a_file_is_a_name_and_nothing_more(staff, miniprogram):
    for name in ("../../../etc/passwd.csv", "a/b\\c.csv", "x\x00\x1b[31m.csv", "<b>.csv", "n" * 250 + ".csv"):
        upload = csv_file()
        # past Django's own cleaning, as if that were not there
        upload._name = name
        token = token_in(send(staff, miniprogram, source="file", file=upload))
        answer = send(staff, miniprogram, source="file", kept=token, action="start")
        assert answer.status_code == 302, name
        shown = CodeBatch.objects.latest("pk")
        assert shown.name.isprintable()
        assert "<b>" not in staff.get(f"/batches/{shown.pk}/").text


def test_formulas_and_odd_names_in_cells_are_text(staff, miniprogram):
    text = 'scene,label,seat\na=1,=HYPERLINK("http://x"),+1\na=2,../../x,<img src=x>\n'
    answer = send(staff, miniprogram, text=text, action="start")
    batch = CodeBatch.objects.get()
    assert [item.label for item in batch.items.all()] == ['=HYPERLINK("http://x")', "../../x"]
    assert "<img src=x>" not in staff.get(answer["Location"]).text
    csv = b"".join(staff.get(f"/batches/{batch.pk}/file.csv").streaming_content).decode()
    assert "\"'=HYPERLINK" in csv and ",'+1," in csv


def test_control_characters_in_a_cell_are_a_problem_with_a_cure(staff, miniprogram):
    answer = send(staff, miniprogram, text="scene,label,seat\na=1,x\x1b[31my,\na=2,,\x07\n")
    assert numbers(answer)["invalid"] == "2"
    assert "invisible characters" in answer.text


def test_nul_in_a_pasted_text_is_400(staff, miniprogram):
    assert send(staff, miniprogram, text="a\0b").status_code == 400


def test_a_text_that_is_too_long_for_a_form_is_said(staff, miniprogram):
    answer = send(staff, miniprogram, text="t=1\n" * 150_000)
    assert answer.status_code == 400
    assert "at most 500000 characters" in answer.text


# --- patterns


def test_a_pattern_with_several_variables_becomes_a_batch(staff, miniprogram):
    answer = send(staff, miniprogram, source="pattern", action="start", **PATTERN)
    assert answer.status_code == 302
    assert [(item.scene, item.label) for item in BatchItem.objects.all()] == [
        ("r=hall&t=009", "hall 009"),
        ("r=hall&t=010", "hall 010"),
        ("r=terrace&t=009", "terrace 009"),
        ("r=terrace&t=010", "terrace 010"),
    ]


def test_what_a_pattern_will_make_is_shown_while_it_is_typed(staff):
    text = staff.get(f"{ADDRESS}pattern/", PATTERN | {"variable-1-last": "500"}).text
    assert "984 codes" in text
    assert "r=hall&amp;t=009" in text and "r=terrace&amp;t=500" in text
    assert "50 codes" in staff.get(f"{ADDRESS}pattern/").text


def test_a_pattern_that_cannot_be_meant_is_explained_and_kept(staff, miniprogram):
    for change, words in (
        ({"variable-1-last": ""}, "Give either from and to, or values"),
        ({"variable-1-last": "x"}, "To: Enter a whole number."),
        ({"variable-1-name": ""}, "{n} has no values"),
        ({"variable-1-last": "999999"}, "limit is 100000"),
        ({"scene_pattern": "x"}, "is not used"),
        ({"variable-1-first": "9" * 400}, "less than or equal to"),
    ):
        pattern = PATTERN | {"label_pattern": ""} | change
        assert words in staff.get(f"{ADDRESS}pattern/", pattern).text
        answer = send(staff, miniprogram, source="pattern", **pattern)
        assert answer.status_code == 400, words
        assert words in answer.text
        assert 'name="variable-0-values" value="hall, terrace"' in answer.text


def test_a_pattern_counts_down_too(staff, miniprogram):
    text = staff.get(f"{ADDRESS}pattern/", PATTERN | {"variable-1-first": "10", "variable-1-last": "9"}).text
    assert text.index("t=010") < text.index("t=009")


# --- the other kinds


@pytest.mark.parametrize("kind", ["limited", "qrcode"])
def test_kinds_with_a_path_take_what_they_know_and_nothing_else(staff, miniprogram, kind):
    text = "page,label\npages/index/index?t=1,one\n"
    answer = send(staff, miniprogram, kind=kind, page="", text=text, is_hyaline="on", color="auto", action="start")
    assert answer.status_code == 302, answer.text
    batch = CodeBatch.objects.get()
    assert (batch.kind, batch.items.get().page) == (kind, "pages/index/index?t=1")
    assert batch.is_hyaline is (kind == "limited")


def test_a_pattern_of_a_kind_with_a_path_makes_paths(staff, miniprogram):
    pattern = {"scene_pattern": "pages/index/index?t={n}", "variable-0-name": "n", "variable-0-first": "1",
               "variable-0-last": "3"}  # fmt: skip
    assert (
        send(staff, miniprogram, kind="limited", source="pattern", action="start", page="", **pattern).status_code
        == 302
    )
    assert BatchItem.objects.last().page == "pages/index/index?t=3"


# --- wrong fields


def test_a_wrong_field_is_400_with_its_cure_and_nothing_lost(staff, miniprogram):
    for changes, message in (
        ({"text": "  "}, "Paste at least one row"),
        ({"source": "file"}, "Choose a CSV or XLSX file"),
        ({"source": "nowhere"}, "nowhere is not one of the available choices"),
        ({"width": "7"}, "from 280 to 1280"),
        ({"page": "/pages/x"}, "Remove the leading slash"),
        ({"kind": "round"}, "round is not one of the available choices"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"miniprogram": "wx0000000000000000"}, "not one of the available choices"),
        ({"tags": "x" * 100}, "the limit is 50"),
    ):
        answer = send(staff, miniprogram, **({"text": "kept=1"} | changes))
        assert answer.status_code == 400, changes
        assert message in answer.text
        assert "text" in changes or "kept=1" in answer.text, changes
    assert not CodeBatch.objects.exists()


def test_a_mini_program_that_was_switched_off_in_the_meantime_starts_nothing(staff, miniprogram):
    miniprogram.is_active = False
    miniprogram.save()
    make_miniprogram()
    assert send(staff, miniprogram, action="start").status_code == 400
    assert not CodeBatch.objects.exists()


def test_an_empty_workbook_is_explained(staff, miniprogram):
    book = openpyxl.Workbook()
    file = io.BytesIO()
    book.save(file)
    assert zipfile.is_zipfile(file)
    answer = send(staff, miniprogram, source="file", file=csv_file(file.getvalue(), name="empty.xlsx"))
    assert "no column" in answer.text


def test_a_text_beyond_what_any_form_may_hold_is_answered_with_a_way_out(staff, miniprogram):
    answer = send(staff, miniprogram, text="t=1\n" * 1_000_000)
    assert answer.status_code == 400
    assert "Upload it as a file" in answer.text


def test_a_person_with_a_very_long_name_orders_too(staff, miniprogram):
    staff.force_login(make_staff("n" * 150))
    answer = send(staff, miniprogram, action="start")
    assert staff.get(answer["Location"]).status_code == 200
    assert len(CodeBatch.objects.get().issued_by) == 150


# --- the failed rows of another batch


def failed_batch(miniprogram, rows, *, errcode=41030, **changes):
    """A batch of `rows` that WeChat has refused, every one."""
    order = {"name": "Tables", "issuer": ISSUER, "defaults": {"page": "pages/wrong/wrong", "tags": ("hall",)}}
    batch = create_batch(BatchOrder(miniprogram, source=source_of(*rows), **(order | changes)))[0]
    batch.items.update(state=ItemState.FAILED, errcode=errcode, error="wechat_rejected_input")
    CodeBatch.objects.filter(pk=batch.pk).update(state=BatchState.DONE, failed=len(rows))
    return batch


def fields_of(text):
    """What the browser would send of the form as it is shown."""
    parsed = re.findall(r'<input type="(?:text|number|hidden)" name="(\w+)" value="([^"]*)"', text)
    boxes = re.findall(r'<input type="checkbox" name="(\w+)"[^>]* checked', text)
    text_field = re.search(r'<textarea name="text"[^>]*>\n?(.*?)</textarea>', text, re.DOTALL)
    values = dict(parsed) | dict.fromkeys(boxes, "on") | {"text": text_field[1]}
    return {name: html.unescape(value) for name, value in values.items()}


@pytest.mark.both_databases
def test_the_failed_rows_of_a_batch_make_a_new_one_with_the_faulty_field_marked(staff, miniprogram):
    rows = [
        {"scene": "t=1", "label": "=Window, 1", "external_id": "a"},
        {"scene": "t=2", "label": 'T "2"', "seat": "A,1"},
    ]
    batch = failed_batch(miniprogram, rows)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert f'href="/batches/new/?failed={batch.pk}"' in text
    text = staff.get(f"/batches/new/?failed={batch.pk}").text
    assert "The 2 failed rows of “Tables” are filled in." in text
    assert re.search(r'<input type="text" name="page" value="pages/wrong/wrong"[^>]* aria-invalid="true"', text)
    assert html.escape(find_errcode(41030).meaning_en) in text and "turn off “" in text
    assert '<input type="radio" name="source" value="text" checked>' in text
    values = fields_of(text)
    assert (values["name"], values["tags"], values["check_path"]) == ("Tables", "hall", "on")
    assert "pages/wrong" not in values["text"]
    sent = form(miniprogram, **(values | {"page": PAGE}))
    answer = staff.post(ADDRESS, sent | {"action": "start"})
    assert answer.status_code == 302
    again = CodeBatch.objects.exclude(pk=batch.pk).get()
    names = ("scene", "label", "external_id", "extra", "tags", "width", "check_path", "env_version")
    assert list(again.items.values(*names)) == list(batch.items.values(*names))
    assert set(again.items.values_list("page", flat=True)) == {PAGE}


def test_rows_that_differ_keep_their_columns(staff, miniprogram):
    batch = failed_batch(
        miniprogram, [{"scene": "t=1", "page": "pages/a", "tags": "x;y"}, {"scene": "t=2", "page": "pages/b"}]
    )
    text = staff.get(f"/batches/new/?failed={batch.pk}").text
    lines = fields_of(text)["text"].split()
    assert lines == ["scene,page,tags", "t=1,pages/a,hall;x;y", "t=2,pages/b,hall"]
    # the pages stand in the rows
    assert re.search(r'<textarea name="text"[^>]* aria-invalid="true"', text)


def test_failed_rows_of_a_limited_kind_are_filled_in_by_their_paths(staff, miniprogram):
    rows = [{"page": "pages/index/index?t=1"}, {"page": "pages/index/index?t=2"}]
    batch = failed_batch(miniprogram, rows, errcode=45029, defaults={"kind": "limited"})
    text = staff.get(f"/batches/new/?failed={batch.pk}").text
    assert 'value="limited" selected' in text
    assert fields_of(text)["text"].split() == ["page", "pages/index/index?t=1", "pages/index/index?t=2"]
    assert "aria-invalid" not in text


def test_many_failed_rows_are_kept_as_a_file(staff, miniprogram, monkeypatch):
    monkeypatch.setattr(failed_rows, "SHOWN_LENGTH", 10)
    batch = failed_batch(miniprogram, [{"scene": f"t={number}"} for number in range(1, 6)])
    text = staff.get(f"/batches/new/?failed={batch.pk}").text
    assert '<input type="radio" name="source" value="file" checked>' in text
    values = form(miniprogram, source="file", kept=fields_of(text)["kept"])
    assert "All rows are valid" in staff.post(ADDRESS, values).text


def test_failed_rows_of_a_batch_that_one_may_not_see_are_404(staff, db):
    assert staff.get("/batches/new/?failed=999").status_code == 404
    assert staff.get("/batches/new/?failed=x").status_code == 200


def test_enter_in_a_field_checks_and_never_starts(staff, miniprogram):
    text = staff.post(ADDRESS, form(miniprogram)).text
    assert re.findall(r'<button [^>]*type="submit"[^>]*value="(\w+)"', text.partition("<main")[2])[0] == "check"


def test_rows_whose_codes_all_exist_are_not_promised_as_new(staff, miniprogram):
    for number in range(1, 4):
        issue(miniprogram, f"t={number}")
    assert "Start with the 3 codes that exist" in staff.post(ADDRESS, form(miniprogram)).text


def read_rows(text):
    """The table of the first rows, as titles and lists of cells."""
    table = re.search(r'<table class="first-rows">(.*?)</table>', text, re.DOTALL)[1]
    titles = re.findall(r'<th scope="col">(.*?)</th>', table)
    return titles, [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)[1:]]


def test_a_check_shows_how_the_first_rows_were_read(staff, miniprogram):
    rows = "场景,name,宽度,seat\nt=1,Table 1,860,A\nt=2,Table 2,,B\n桌,bad,,\nt=4,Table 4,,\nt=5,Table 5,,"
    text = staff.post(ADDRESS, form(miniprogram, text=rows)).text
    taken = re.findall(r'<span class="badge">([^<]* → [^<]*)</span>', text)
    assert taken == ["场景 → Scene", "name → Label", "宽度 → Width in pixels"]
    titles, rows = read_rows(text)
    assert titles == ["Row", "Scene", "Label", "Page", "Width in pixels", "seat"]
    assert rows == [
        ["2", "t=1", "Table 1", PAGE, "860", "A"],
        ["3", "t=2", "Table 2", PAGE, "430", "B"],
        ["5", "t=4", "Table 4", PAGE, "430", ""],
    ]


def test_lines_without_titles_show_what_became_their_label(staff, miniprogram):
    titles, rows = read_rows(staff.post(ADDRESS, form(miniprogram)).text)
    assert (titles, rows[0]) == (["Row", "Scene", "Label", "Page"], ["1", "t=1", "one", PAGE])


def test_paths_are_shown_as_paths(staff, miniprogram):
    text = "path\npages/index/index?t=1"
    titles, rows = read_rows(staff.post(ADDRESS, form(miniprogram, kind="limited", text=text)).text)
    assert (titles, rows) == (["Row", "Path"], [["2", "pages/index/index?t=1"]])


def test_a_file_without_a_scene_is_told_its_own_titles(staff, miniprogram):
    file = SimpleUploadedFile("t.csv", "name,值\nTable 1,1\n".encode())
    text = staff.post(ADDRESS, form(miniprogram, source="file", file=file)).text
    assert "Columns found: name, 值." in text
