"""Printing from the gallery: one code, a selection, a batch, with the same fields, and a test page before them."""

import io
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.utils.translation import override

from apps.batches.exports.sheets import caption_columns
from apps.codes.pictures import read_image
from apps.exports import sheets
from apps.exports.captions import CAPTIONS
from apps.exports.stickers import PRESETS
from apps.selections.models import SelectionJob
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import work as work
from tests.integration.gallery.colleagues import enter
from tests.integration.gallery.staff import issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
FORM = {"sheet": "stickers", "preset": "avery-l7160", "columns": "3", "cut_marks": "0", "caption": ["label", ""]}


@pytest.fixture
def code(miniprogram):
    return issue(miniprogram, "table=1", label="桌 1/2", tags=("hall",))


@pytest.fixture
def three(staff, miniprogram):
    """The address of a selection of three, issued in another order than people count."""
    codes = [issue(miniprogram, f"t={number}", label=f"Table {number}") for number in (9, 10, 1)]
    return staff.post("/selections/", {"code": [code.pk for code in codes]})["Location"]


def body(answer):
    return b"".join(answer.streaming_content)


def test_a_code_is_printed_from_its_own_page_as_often_as_wanted(staff, code, monkeypatch):
    reads = []
    monkeypatch.setattr(sheets, "read_image", lambda picture: reads.append(picture) or read_image(picture))
    assert f'href="/codes/{code.pk}/print/"' in staff.get(f"/codes/{code.pk}/").text
    page = staff.get(f"/codes/{code.pk}/print/").text
    assert f'action="/codes/{code.pk}/sheets.pdf"' in page and 'name="copies"' in page
    assert all(f'<option value="{name}"' in page for name in [*PRESETS, *CAPTIONS])
    answer = staff.get(f"/codes/{code.pk}/sheets.pdf", FORM | {"copies": "22"})
    content = body(answer)
    assert (content[:5], content.count(b"/Type /Page\n"), len(reads)) == (b"%PDF-", 2, 1)
    assert answer["Content-Disposition"].endswith("filename*=utf-8''%E6%A1%8C%201_2.pdf")
    assert LogEntry.objects.get().change_message == "Downloaded its print sheets (PDF)."


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"copies": "301"}, "copies", "301"),
        ({"start": "99"}, "start", "99"),
        ({"preset": "", "sticker_width": "80", "sticker_height": "30"}, "columns", None),
        ({"preset": "", "sticker_width": "8", "sticker_height": "30"}, "sticker_width", "8"),
        ({"preset": "", "sticker_width": "60", "sticker_height": "x"}, "sticker_height", "x"),
        ({"preset": "avery-l4732", "caption_position": "below"}, "caption_position", None),
    ],
)
def test_what_cannot_be_printed_is_told_at_its_field_with_what_was_typed(staff, code, changes, field, value):
    answer = staff.get(f"/codes/{code.pk}/sheets.pdf", FORM | changes)
    assert answer.status_code == 400
    assert f'aria-describedby="sheet-{field}_error"' in answer.text and "check the marked fields" in answer.text
    assert value is None or f'name="{field}" inputmode="decimal" value="{value}"' in answer.text
    assert not LogEntry.objects.exists()


def test_only_codes_that_somebody_may_see_are_printed(miniprogram, code, sandbox):
    browser = enter(make_miniprogram(sandbox, name="Museum"), rights=[])
    for address in ("print/", "sheets.pdf"):
        assert browser.get(f"/codes/{code.pk}/{address}").status_code == 404


def test_a_test_page_has_the_outlines_and_no_code(staff, code, three):
    address = f"/codes/{code.pk}/sheets.pdf"
    answers = [
        staff.get(address, FORM | {"test_page": "1"}),
        staff.post(f"{three}sheets/", FORM | {"test_page": "1", "title": "Hall"}),
    ]
    for answer in answers:
        content = body(answer)
        assert (content[:5], content.count(b"/Type /Page\n"), content.count(b"/DCTDecode")) == (b"%PDF-", 1, 0)
    assert [answer["Content-Disposition"][-10:] for answer in answers] == ["2-test.pdf", '-test.pdf"']
    assert not LogEntry.objects.exists() and not SelectionJob.objects.exists()


def test_the_zip_of_a_selection_is_in_the_order_that_people_count_unless_told(staff, three):
    def names(query=""):
        return zipfile.ZipFile(io.BytesIO(body(staff.get(f"{three}file.zip{query}")))).namelist()[:-1]

    assert names() == ["Table 1.jpg", "Table 9.jpg", "Table 10.jpg"]
    assert names("?order=newest") == ["Table 1.jpg", "Table 10.jpg", "Table 9.jpg"]
    assert staff.get(f"{three}file.zip?order=x").status_code == 400
    page = staff.get(three).text
    assert page.count('<option value="label" selected>Label (or scene)</option>') == 3


def test_captions_have_the_same_words_for_a_batch_and_a_selection(staff, three, make_batch):
    batch = make_batch({"scene": "t=1", "seat": "A", "kind": "round"})
    batch.refresh_from_db()
    words = caption_columns(batch)
    assert list(words)[:8] == ["label", "scene", "page", "external_id", "tags", "row", "seat", "kind"]
    for language in ("en", "zh-hans"):
        with override(language):
            differing = {name for name in CAPTIONS if str(words[name]) != str(CAPTIONS[name][0])}
        # a column of the table comes before a fact of the code that is called like it
        assert differing == {"kind"}


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_printed_on_stickers_with_facts_of_its_codes(staff, make_batch, work):
    batch = work(make_batch({"scene": "t=1", "label": "One", "seat": "A"}, {"scene": "t=2"}))
    address = f"/batches/{batch.pk}/file.pdf"
    content = body(staff.get(address, FORM | {"start": "21", "caption": ["miniprogram", "seat"]}))
    assert content.count(b"/Type /Page\n") == 2
    answer = staff.get(address, FORM | {"test_page": "1"})
    assert answer["Content-Disposition"] == 'attachment; filename="Tables-test.pdf"'
    answer.close()
    answer = staff.get(address, FORM | {"start": "22"})
    assert answer.status_code == 400 and 'id="sheet-start_error"' in answer.text
