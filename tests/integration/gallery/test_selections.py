"""Selecting many codes: ticked or all that match, then pictures, sheets, tags, the archive; one's own and findable."""

import csv
import gc
import io
import re
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from apps.codes.models import IssuedCode
from apps.gallery import selections as pages
from apps.overview.audit import in_words
from apps.selections import jobs, printing
from apps.selections.choosing import CHUNK, choose_found
from apps.selections.models import Action, JobState, Selection, SelectionJob
from tests.integration.codes.rows import new_code
from tests.integration.gallery.colleagues import enter
from tests.integration.gallery.staff import copy_rows, issue, make_staff

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SHEET = {"sheet": "a4", "columns": "3", "cut_marks": ["0", "1"], "caption": ["label", "tags"]}


@pytest.fixture
def three(miniprogram):
    return [issue(miniprogram, f"table={number}", label=f"桌 {number}", tags=("hall",)) for number in (1, 2, 3)]


@pytest.fixture
def chosen(staff, three):
    """The address of a selection of the three."""
    return choose(staff, code=[code.pk for code in three])


@pytest.fixture
def many(miniprogram):
    """So many that a worker has to do it."""
    rows = [new_code(miniprogram, f"n={number}") for number in range(CHUNK + 1)]
    IssuedCode.objects.bulk_create(rows, batch_size=500)


def choose(browser, **form):
    answer = browser.post("/selections/", form)
    assert answer.status_code == 302, answer.text
    return answer["Location"]


def tags_of(code):
    return sorted(IssuedCode.objects.get(pk=code.pk).tags.values_list("name", flat=True))


def body(answer):
    return b"".join(answer.streaming_content)


def test_the_cards_can_be_ticked_and_the_bar_knows_the_search(staff, three):
    text = staff.get("/?q=table").text
    assert text.count('form="selecting"') == 3
    assert '<input type="hidden" name="search" value="?q=table">' in text
    assert "Actions for all results…" in text
    assert "Actions for all codes…" in staff.get("/").text
    older = staff.get(f"/?q=table&before={three[2].pk}").text
    assert '<input type="hidden" name="search" value="?q=table">' in older


def test_where_nothing_is_there_is_nothing_to_select(staff, miniprogram):
    assert 'id="selecting"' not in staff.get("/").text
    issue(miniprogram, "a=1")
    assert 'id="selecting"' not in staff.get("/?q=elephant").text


@pytest.mark.parametrize("form", ["code", "codes"])
def test_what_was_ticked_is_selected(staff, three, form):
    ids = [three[0].pk, three[2].pk]
    address = choose(staff, **({"code": ids} if form == "code" else {"codes": ",".join(map(str, ids))}))
    assert Selection.objects.get().code_ids == ids
    text = staff.get(address).text
    assert "2 codes selected" in text and "selected by hand" in text
    assert "桌 3" in text and "桌 2" not in text


def test_more_codes_than_a_form_has_room_for_come_in_one_field(staff, many):
    ids = ",".join(map(str, IssuedCode.objects.values_list("pk", flat=True)))
    choose(staff, codes=ids, what="ticked")
    assert Selection.objects.get().count == CHUNK + 1


def test_all_that_match_are_selected_beyond_the_page_and_whatever_page_it_was(staff, miniprogram, three, many):
    address = choose(staff, what="all", search=f"?q=table&before={three[0].pk}")
    selection = Selection.objects.get()
    assert (selection.search, selection.count) == ("?q=table", 3)
    assert '<a class="long" href="/?q=table">' in staff.get(address).text
    choose(staff, what="all", search="")
    assert Selection.objects.first().count == CHUNK + 4


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "No codes selected."),
        ({"code": ["x", "-1", "9" * 30]}, "No codes selected."),
        ({"code": ["999999"]}, "No codes selected."),
        ({"what": "all", "search": "?q=elephant"}, "No code matches the search."),
    ],
)
def test_nothing_selected_is_told_with_the_cure(staff, three, form, words):
    answer = staff.post("/selections/", form)
    assert answer.status_code == 400
    assert words in answer.text and "Go back" in answer.text


def test_too_many_are_refused_with_the_limit_and_the_cure(staff, three, monkeypatch):
    monkeypatch.setattr("apps.selections.choosing.MOST_CODES", 2)
    monkeypatch.setattr(pages, "MOST_CODES", 2)
    answer = staff.post("/selections/", {"what": "all", "search": ""})
    assert answer.status_code == 400
    assert "More than 2 codes match" in answer.text and "Narrow the search" in answer.text


def test_the_zip_has_every_picture_and_a_manifest_that_a_batch_takes(staff, miniprogram, three, chosen):
    answer = staff.get(f"{chosen}file.zip")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/zip", "private, no-store")
    archive = zipfile.ZipFile(io.BytesIO(body(answer)))
    assert archive.testzip() is None
    assert archive.namelist() == ["桌 1.jpg", "桌 2.jpg", "桌 3.jpg", "manifest.csv"]
    rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
    assert (rows[0]["scene"], rows[0]["tags"], rows[0]["wxcode_file"]) == ("table=1", "hall", "桌 1.jpg")
    assert rows[0]["wxcode_appid"] == miniprogram.appid
    assert in_words(LogEntry.objects.get()).startswith("Downloaded the images of codes: 3 (")


def test_the_table_of_a_zip_asks_for_the_home_page_where_a_code_opens_it(staff, miniprogram):
    code = issue(miniprogram, "home=1", page="/")
    miniprogram.default_page = "pages/menu/menu"
    miniprogram.save()
    chosen = staff.post("/selections/", {"code": [code.pk]})["Location"]
    archive = zipfile.ZipFile(io.BytesIO(body(staff.get(f"{chosen}file.zip"))))
    (row,) = csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig")))
    assert (code.page, row["page"]) == ("", "/")


def test_few_sheets_come_at_once(staff, chosen):
    answer = staff.post(f"{chosen}sheets/", SHEET | {"title": "Tables 桌子"})
    content = body(answer)
    assert (answer["Content-Type"], content[:5]) == ("application/pdf", b"%PDF-")
    assert answer["Content-Disposition"].endswith("Tables%20%E6%A1%8C%E5%AD%90.pdf")
    assert content.count(b"/DCTDecode") == 3
    assert SelectionJob.objects.count() == 0
    entry = LogEntry.objects.get()
    assert in_words(entry).startswith("Downloaded print sheets of codes: 3 (")
    assert re.fullmatch(r"3: \d+, \d+, \d+", entry.object_repr)


def test_labels_for_a_roll_are_one_a_page(staff, chosen):
    content = body(staff.post(f"{chosen}sheets/", {"sheet": "roll", "label": "50x60", "caption": ["appid"]}))
    assert content.count(b"/Type /Page\n") == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": "999"}, "With 3 codes per row"),
        ({"caption": ["nothing"]}, "There is no column nothing"),
        ({"title": "x" * 101}, "at most 100 visible characters"),
        ({"sheet": "roll", "label": "x"}, "for example 50x60"),
    ],
)
def test_a_sheet_that_cannot_be_is_explained_beside_what_was_typed(staff, chosen, changes, words):
    answer = staff.post(f"{chosen}sheets/", SHEET | {"title": "Mine"} | changes)
    assert answer.status_code == 400
    assert words in answer.text
    assert f'value="{changes.get("title", "Mine")}"' in answer.text


def test_a_session_that_ends_in_between_leads_back_to_the_search(client, staff, three):
    client.logout()
    answer = client.post("/selections/", {"what": "ticked", "search": "?q=t%3D&nonsense=1", "code": [three[0].pk]})
    assert answer["Location"] == "/login/?next=/%3Fq%3Dt%253D"
    assert Selection.objects.count() == 0


def test_a_selection_says_in_words_what_was_searched(staff, three, miniprogram):
    search = f"?q=table&miniprogram={miniprogram.appid}&env_version=release"
    address = staff.post("/selections/", {"what": "all", "search": search})["Location"]
    for text in (staff.get(address).text, staff.get("/selections/").text):
        assert f">Search: table · Mini-program: {miniprogram.name} · Version: release</a>" in text


def test_what_is_wrong_stands_at_its_field(staff, chosen):
    page = staff.post(f"{chosen}sheets/", SHEET | {"size": "abc"}).text
    assert "check the marked fields" in page
    assert 'aria-invalid="true" aria-describedby="sheet-size_error"' in page
    assert '<ul class="errorlist" id="sheet-size_error"><li>Use millimetres, for example 45 or 45.5.</li></ul>' in page
    page = staff.post(f"{chosen}tag/", {"tags": " , "}).text
    assert '<ul class="errorlist" id="tags_error"><li>Enter at least one tag.</li></ul>' in page
    assert "size" not in page.partition("<main")[2].partition("<h1")[0]


def test_too_many_sheets_are_refused_before_anybody_begins(staff, chosen, monkeypatch):
    monkeypatch.setattr(printing, "MOST_PRINTED", 2)
    answer = staff.post(f"{chosen}sheets/", SHEET)
    assert answer.status_code == 400
    assert "At most 2 codes are printed at once." in answer.text


def test_many_sheets_are_drawn_by_a_worker_in_parts_that_are_kept(staff, three, chosen, monkeypatch):
    from apps.gallery import selection_actions

    monkeypatch.setattr(selection_actions, "PRINTED_AT_ONCE", 1)
    monkeypatch.setattr(jobs, "PART_SIZE", 2)
    answer = staff.post(f"{chosen}sheets/", SHEET | {"title": "Tables"})
    assert answer["Location"] == f"{chosen}#jobs"
    text = staff.get(chosen).text
    assert 'hx-trigger="every' in text and ">waiting<" in text
    jobs.attend()
    job = SelectionJob.objects.get()
    assert (job.state, job.changed, [file["count"] for file in job.files]) == (JobState.DONE, 3, [2, 1])
    text = staff.get(chosen).text
    assert 'hx-trigger="every' not in text
    assert "3 codes are on the sheets." in text and "Part 2" in text
    for part, pictures in ((1, 2), (2, 1)):
        answer = staff.get(f"/selections/jobs/{job.pk}/file.pdf?part={part}")
        assert answer["Content-Disposition"] == f'attachment; filename="Tables-{part}.pdf"'
        assert body(answer).count(b"/DCTDecode") == pictures
    for part in ("0", "3", "x", ""):
        assert staff.get(f"/selections/jobs/{job.pk}/file.pdf?part={part}").status_code == 404


def test_a_cancel_stops_in_the_middle_of_a_document(staff, three, chosen, monkeypatch):
    job = SelectionJob.objects.create(selection=Selection.objects.get(), action=Action.PRINT, total=3)
    monkeypatch.setattr(printing, "READ_AT_ONCE", 1)
    drawn = []

    def cancel_at_the_second(code):
        drawn.append(code.scene)
        jobs.cancel_job(job) if len(drawn) == 2 else None
        return code.scene

    monkeypatch.setitem(printing.CAPTIONS, "label", ("Label", cancel_at_the_second))
    jobs.attend()
    job.refresh_from_db()
    assert (drawn, job.state, job.files) == (["table=1", "table=2"], JobState.CANCELLED, [])


def test_tags_are_typed_with_any_comma_and_told_when_they_cannot_be(staff, three, chosen):
    answer = staff.post(f"{chosen}tag/", {"tags": "hall， 2026、窗边"})
    assert answer["Location"] == f"{chosen}#jobs"
    assert tags_of(three[0]) == ["2026", "hall", "窗边"]
    assert "Tags added to 3 codes." in staff.get(chosen).text
    staff.post(f"{chosen}untag/", {"tags": "hall"})
    assert tags_of(three[0]) == ["2026", "窗边"]
    for tags, words in ((" , ", "Enter at least one tag."), ("x" * 51, "1 characters too long")):
        answer = staff.post(f"{chosen}tag/", {"tags": tags})
        assert answer.status_code == 400
        assert words in answer.text and f'value="{tags}"' in answer.text


def test_the_archive_and_the_way_back(staff, three, chosen):
    staff.post(f"{chosen}archive/")
    assert IssuedCode.objects.current().count() == 0
    text = staff.get(chosen).text
    assert "3 codes were archived." in text and "Restore them" in text
    staff.post(f"{chosen}restore/")
    assert IssuedCode.objects.current().count() == 3


def test_many_are_left_to_a_worker_and_found_again(staff, miniprogram, many):
    address = choose(staff, what="all", search="")
    staff.post(f"{address}archive/")
    assert IssuedCode.objects.current().count() == CHUNK + 1
    listed = staff.get("/selections/").text
    assert "501 codes selected" in listed and ">waiting<" in listed and 'hx-trigger="every 3s"' in listed
    job = SelectionJob.objects.get()
    jobs.work(job.pk, seconds=0)
    live = staff.get(f"{address}live/", headers=HTMX).text
    assert "<html" not in live
    assert 'aria-valuenow="99"' in live and 'width="99.80"' in live and "/ 501" in live
    assert 'hx-trigger="every 1500ms"' in live
    jobs.attend()
    assert 'hx-trigger="every' not in staff.get("/selections/").text


def test_whoever_looks_elsewhere_is_told_of_the_end_once(staff, miniprogram, many):
    issue(miniprogram, "a=1")
    address = choose(staff, what="all", search="")
    staff.post(f"{address}archive/")
    assert 'hx-trigger="every 15s"' in staff.get("/make/").text
    while SelectionJob.objects.open().exists():
        jobs.attend()
    job = SelectionJob.objects.get()
    text = staff.get("/batches/ended/", headers=HTMX).text
    assert "502 codes were archived." in text and f'href="{address}"' in text
    assert "were archived" not in staff.post("/batches/ended/dismiss/", {"job": job.pk}, headers=HTMX).text
    SelectionJob.objects.update(announced_at=None)
    staff.get(address)
    assert "were archived" not in staff.get("/make/").text


def test_an_open_job_is_cancelled(staff, many):
    address = choose(staff, what="all", search="")
    staff.post(f"{address}archive/")
    job = SelectionJob.objects.get()
    assert staff.post(f"/selections/jobs/{job.pk}/cancel/")["Location"] == f"{address}#jobs"
    assert ">cancelled<" in staff.get(address).text


def test_selections_are_ones_own(staff, three, chosen):
    job = SelectionJob.objects.create(selection=Selection.objects.get(), action=Action.PRINT, total=3)
    other = Client()
    other.force_login(make_staff("ben"))
    assert "Nothing selected" in other.get("/selections/").text
    for address in (chosen, f"{chosen}live/", f"{chosen}file.zip", f"/selections/jobs/{job.pk}/file.pdf"):
        assert other.get(address).status_code == 404
    for address in (f"{chosen}archive/", f"{chosen}sheets/", f"{chosen}tag/", f"/selections/jobs/{job.pk}/cancel/"):
        assert other.post(address, SHEET | {"tags": "x"}).status_code == 404
    job.refresh_from_db()
    assert job.is_open and IssuedCode.objects.current().count() == 3


def test_a_grant_that_was_taken_away_counts_at_the_time_of_the_work(miniprogram, three):
    browser = enter(miniprogram, rights=["codes.change_issuedcode"])
    address = choose(browser, code=[code.pk for code in three])
    miniprogram.groups.clear()
    user = Selection.objects.get().user
    job = jobs.start_job(Selection.objects.get(), Action.ARCHIVE, {})
    assert (user.is_superuser, job.state, job.changed, job.left_out) == (False, JobState.DONE, 0, 3)
    assert IssuedCode.objects.current().count() == 3
    assert browser.get(f"{address}file.zip").status_code == 403


def test_whoever_may_only_look_changes_nothing(miniprogram, three):
    browser = enter(miniprogram, rights=[])
    address = choose(browser, what="all", search="")
    assert browser.post(f"{address}archive/").status_code == 403
    assert 'id="tags"' not in browser.get(address).text
    assert IssuedCode.objects.current().count() == 3


def test_nobody_else_selects(client, db):
    assert client.post("/selections/", {"what": "all"}).status_code == 302
    client.force_login(make_staff("carl", is_staff=False, is_superuser=False))
    assert client.post("/selections/", {"what": "all"}).status_code == 403
    assert Selection.objects.count() == 0


def test_the_list_comes_in_pages_without_reading_all_those_ids(staff, three, monkeypatch):
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    user = Selection(user_id=staff.session["_auth_user_id"]).user_id
    made = [choose_found(user, [three[0].pk], search=f"?q={number}") for number in range(3)]
    text = staff.get("/selections/").text
    assert "?q=2" in text and "?q=0" not in text and f"?before={made[1].pk}" in text
    assert "?q=0" in staff.get(f"/selections/?before={made[1].pk}").text


def test_a_worker_that_failed_says_so_on_the_page(staff, chosen):
    failed = {"state": JobState.FAILED, "problem": "The disk is away.", "finished_at": timezone.now()}
    SelectionJob.objects.create(selection=Selection.objects.get(), action=Action.PRINT, total=3, done=1, **failed)
    text = staff.get(chosen).text
    assert ">failed<" in text and "The disk is away." in text


def test_the_zip_of_very_many_is_sent_in_flat_memory(staff, miniprogram):
    """What is held is a chunk of rows and a few pictures, however large the file becomes."""
    import tracemalloc

    def stream(count):
        selection = choose_found(user, ids[:count], search="")
        return enumerate(staff.get(f"/selections/{selection.pk}/file.zip").streaming_content)

    copy_rows(issue(miniprogram, "a=1"), count=800)
    ids = list(IssuedCode.objects.values_list("pk", flat=True))
    user = Selection(user_id=staff.session["_auth_user_id"]).user_id
    # what is imported for the first is not measured
    assert list(stream(1))
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    size = 0
    for number, piece in stream(800):
        size += len(piece)
        # rows and their prefetched tags are circles, which Python takes away from time to time
        if number % 200 == 0:
            gc.collect()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gc.unfreeze()
    # 800 pictures of 20 KB and more
    assert size > 16_000_000
    assert peak < size / 4


CURRENT = '<a href="/selections/" aria-current="page">Selections</a>'


def test_every_page_leads_to_the_selections_and_theirs_are_marked(staff, chosen):
    assert '<a href="/selections/">Selections</a>' in staff.get("/").text
    for address in ("/selections/", chosen):
        assert CURRENT in staff.get(address).text


def test_what_the_sheets_cannot_show_is_said_before_they_are_printed(staff, miniprogram, chosen):
    assert "font does not have" not in staff.get(chosen).text
    code = issue(miniprogram, "table=9", label="Party \U0001f389")
    text = staff.get(choose(staff, code=[code.pk])).text
    assert "The captions of 1 code contain characters that the sheets’ font does not have: <bdi>\U0001f389" in text
