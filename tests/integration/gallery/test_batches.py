"""Batches in the gallery: the list, one of them, what people do with it, its files, and word of its end."""

import csv
import html
import io
import re
import zipfile

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext, override

from apps.batches import services
from apps.batches.models import BatchItem, BatchState, CodeBatch, ItemState
from apps.batches.progress import find_progress
from apps.codes.lifetime import AnswerLost
from apps.gallery import browsing
from apps.wechat.errcodes import find_errcode
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import scenes
from tests.integration.batches.conftest import work as work
from tests.integration.gallery.staff import issue, make_staff
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
ANNA = {"issued_by": "staff:anna"}


def change(batch, **fields):
    CodeBatch.objects.filter(pk=batch.pk).update(**fields)
    batch.refresh_from_db()
    return batch


def fail_rows(batch, count, **fields):
    """`count` rows as if WeChat had refused them."""
    error = {
        "error": "wechat_invalid_page",
        "errcode": 41030,
        "rid": "rid-7",
        "detail": "No page.",
        "advice": "Mend it.",
    }
    ids = list(batch.items.values_list("pk", flat=True)[:count])
    BatchItem.objects.filter(pk__in=ids).update(state=ItemState.FAILED, **(error | fields))
    return change(batch, failed=count)


def test_without_any_batch_the_page_teaches(staff, miniprogram):
    text = staff.get("/batches/").text
    assert "Start the first batch" in text
    assert 'href="/batches/new/"' in text


def test_without_a_mini_program_the_way_to_one_is_shown(staff):
    assert "Add your first mini-program" in staff.get("/batches/").text
    assert "Add your first mini-program" in staff.get("/batches/new/").text


def test_the_list_says_state_name_counts_and_who(staff, make_batch):
    change(make_batch(40), issued=30, failed=2, state=BatchState.HELD)
    text = staff.get("/batches/").text
    for words in (
        "Tables",
        ">on hold<",
        "<strong>30</strong>",
        "/ 40",
        "2 failed",
        "Lantern Tea House",
        'width="75.00"',
    ):
        assert words in text


def test_the_list_is_newest_first_in_pages(staff, make_batch, monkeypatch):
    from apps.gallery import batches

    monkeypatch.setattr(batches, "PAGE_SIZE", 2)
    made = [make_batch(1, name=f"Batch {number}", source=source(number)) for number in range(5)]
    first = staff.get("/batches/").text
    assert first.index("Batch 4") < first.index("Batch 3")
    assert "Batch 2" not in first
    assert f"?before={made[3].pk}" in first
    more = staff.get(f"/batches/?before={made[3].pk}", headers=HTMX | {"HX-Target": "more"}).text
    assert "Batch 2" in more and "<html" not in more
    assert "older batches" in staff.get(f"/batches/?before={made[3].pk}").text


def source(number):
    from tests.integration.batches.conftest import source_of

    return source_of({"scene": f"b={number}"})


def test_an_open_batch_asks_for_itself_and_an_ended_one_does_not(staff, make_batch):
    batch = make_batch(3)
    for address in ("/batches/", f"/batches/{batch.pk}/", f"/batches/{batch.pk}/live/", f"/batches/{batch.pk}/row/"):
        assert 'hx-trigger="every' in staff.get(address).text, address
    change(batch, state=BatchState.DONE, finished_at=timezone.now())
    for address in ("/batches/", f"/batches/{batch.pk}/", f"/batches/{batch.pk}/live/", f"/batches/{batch.pk}/row/"):
        assert 'hx-trigger="every' not in staff.get(address).text, address


def test_an_unknown_batch_is_404(staff):
    for address in ("/batches/7/", "/batches/7/live/", "/batches/7/row/", "/batches/7/file.zip"):
        assert staff.get(address).status_code == 404
    assert staff.post("/batches/7/pause/").status_code == 404


def test_why_a_batch_is_held_and_what_to_do_is_shown(staff, make_batch):
    held = {"hold_code": "storage_unavailable", "hold_detail": "The disk is full.", "hold_advice": "Make room."}
    batch = change(make_batch(3), state=BatchState.HELD, **held)
    text = staff.get(f"/batches/{batch.pk}/").text
    for words in ("The disk is full.", "Make room.", "storage_unavailable", "Fix the cause, then resume"):
        assert words in text
    change(batch, resume_at=timezone.now())
    assert "automatically" in staff.get(f"/batches/{batch.pk}/").text


def test_what_a_worker_stored_in_english_is_told_in_chinese(staff, make_batch):
    stored = {"hold_detail": "The call limit for this minute is reached.", "hold_advice": "Try again in a few seconds."}
    batch = change(make_batch(3), state=BatchState.HELD, failed=1, **stored)
    fail_rows(batch, 1, errcode=None, detail=stored["hold_detail"])
    text = staff.get(f"/batches/{batch.pk}/", headers={"accept-language": "zh-hans"}).text
    assert stored["hold_detail"] not in text and stored["hold_advice"] not in text
    with override("zh-hans"):
        assert text.count(gettext(stored["hold_detail"])) == 2 and gettext(stored["hold_advice"]) in text


def test_what_wechat_refused_is_told_in_chinese_by_its_errcode(staff, make_batch):
    """Whatever was stored: the wording of another year, or a sentence with the address that WeChat saw."""
    held = {
        "hold_errcode": 40164,
        "hold_detail": ("A wording of 2026. WeChat sees this server’s IP address as 203.0.113.7."),
    }
    batch = change(make_batch(3), state=BatchState.HELD, hold_advice="An advice of 2026.", **held)
    fail_rows(batch, 1)
    known = [find_errcode(errcode) for errcode in (40164, 41030)]
    page, chinese = f"/batches/{batch.pk}/", {"accept-language": "zh-hans"}
    text = staff.get(page, headers=chinese).text
    assert known[0].meaning_zh in text and known[0].cure_zh in text and "203.0.113.7" in text
    assert known[1].meaning_zh in text
    assert "2026." not in text and "No page." not in text
    text = staff.get(page).text
    assert html.escape(known[0].cure_en) in text and known[1].meaning_en in text


def test_a_batch_that_was_held_after_many_refusals_says_how_many(staff, make_batch):
    known = find_errcode(41030)
    advice = (
        "WeChat refused %(count)d rows in a row for this reason. Fix the cause, or resume to continue anyway. %(cure)s"
    )
    stored = {"hold_errcode": 41030, "hold_advice": advice % {"count": 50, "cure": known.cure_en}}
    batch = change(make_batch(3), state=BatchState.HELD, **stored)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "WeChat refused 50 rows in a row" in text and "resume to continue anyway. Check the spelling" in text
    text = staff.get(f"/batches/{batch.pk}/", headers={"accept-language": "zh-hans"}).text
    assert "50" in text and "in a row" not in text
    with override("zh-hans"):
        assert batch.hold_cure.endswith(known.cure_zh) and "50" in batch.hold_cure


def test_whoever_has_the_longest_name_stops_a_batch(client, make_batch):
    client.force_login(make_staff(150 * "a"))
    for action in ("pause", "cancel"):
        batch = make_batch(3)
        assert client.post(f"/batches/{batch.pk}/{action}/").status_code == 302
        batch.refresh_from_db()
        assert batch.stopped_by == f"staff:{144 * 'a'}"


def test_a_stopped_batch_says_who_stopped_it_and_when(staff, make_batch):
    batch = make_batch(3)
    name = User.objects.get(pk=staff.session["_auth_user_id"]).username

    def words():
        return re.sub(r"<[^>]+>", "", staff.get(f"/batches/{batch.pk}/").text)

    for action, word in (("pause", "Paused"), ("cancel", "Cancelled")):
        staff.post(f"/batches/{batch.pk}/{action}/")
        batch.refresh_from_db()
        when = f"{timezone.localtime(batch.stopped_at):%Y-%m-%d %H:%M}"
        assert f"{word} by {name} at {when}." in words()
    assert "start a new batch with the same rows" in words()


def test_a_batch_that_was_paused_before_it_was_noted_by_whom_says_so(staff, make_batch):
    batch = make_batch(3)
    services.pause_batch(batch)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "Paused. Requests that are under way finish" in text and "Paused by" not in text


def test_pause_resume_and_cancel(staff, make_batch):
    batch = make_batch(3)
    for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        answer = staff.post(f"/batches/{batch.pk}/{action}/")
        assert (answer.status_code, answer["Location"]) == (302, f"/batches/{batch.pk}/")
        batch.refresh_from_db()
        assert batch.state == state
        assert f">{state}<" in staff.get(f"/batches/{batch.pk}/").text


def test_what_the_state_forbids_is_told_on_the_page(staff, make_batch):
    batch = change(make_batch(3), state=BatchState.DONE)
    answer = staff.post(f"/batches/{batch.pk}/pause/")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert "Tables" in answer.text


def test_a_rename_and_a_name_that_cannot_be(staff, make_batch):
    batch = make_batch(3)
    staff.post(f"/batches/{batch.pk}/rename/", {"name": "  Terrace  2 "})
    batch.refresh_from_db()
    assert batch.name == "Terrace 2"
    answer = staff.post(f"/batches/{batch.pk}/rename/", {"name": "x" * 300})
    assert answer.status_code == 400
    # the box that asks stays open, and says why
    assert '<details class="confirm" name="asking" open>' in answer.text
    assert '<ul class="errorlist" id="new-name_error">' in answer.text
    assert f'value="{"x" * 300}"' in answer.text


def test_nothing_is_done_by_following_a_link(staff, make_batch):
    batch = make_batch(3)
    assert staff.get(f"/batches/{batch.pk}/cancel/").status_code == 302
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING


def test_failed_rows_have_errcode_rid_and_cure_and_are_asked_for_again(staff, make_batch):
    batch = change(fail_rows(make_batch(3), 2), state=BatchState.DONE, finished_at=timezone.now())
    text = staff.get(f"/batches/{batch.pk}/").text
    meaning = html.escape(find_errcode(41030).meaning_en)
    for words in ("2 failed rows", "errcode 41030", "rid-7", meaning, "t=1", "Retry failed rows"):
        assert words in text
    assert "Retry rows without a response" not in text
    staff.post(f"/batches/{batch.pk}/retry/")
    batch.refresh_from_db()
    assert (batch.state, batch.failed) == (BatchState.RUNNING, 0)


def test_a_failure_is_told_once_for_all_rows_of_its_cause_in_the_words_of_the_forms(staff, make_batch):
    batch = fail_rows(make_batch(40), 38)
    ids = list(batch.items.values_list("pk", flat=True))
    BatchItem.objects.filter(pk__in=ids[:3]).update(errcode=None, error="timeout", detail="No answer.", advice="")
    change(batch, state=BatchState.DONE, finished_at=timezone.now(), issued=2)
    text = html.unescape(staff.get(f"/batches/{batch.pk}/").text)
    assert text.count(find_errcode(41030).meaning_en) == text.count("No answer.") == 1
    assert text.index("35 rows:") < text.index("3 rows:")
    assert "turn off “" in text and "check_path" not in text
    # the rows themselves are folded away
    assert '<details class="small details"><summary>Rows</summary>' in text and "t=38" in text


def test_rows_that_failed_are_no_success(staff, make_batch):
    batch = change(fail_rows(make_batch(3), 3), state=BatchState.DONE, finished_at=timezone.now())
    for address in ("/batches/", f"/batches/{batch.pk}/"):
        text = staff.get(address).text
        assert ">finished, 3 failed<" in text and "state-failed" in text, address
        assert "state-done" not in text and "100 %" not in text, address
    assert "New batch from the failed rows…" in text
    change(batch, failed=0, issued=3)
    assert "state-done" in staff.get(address).text and "100 %" in staff.get(address).text


def test_on_hold_with_nothing_waiting_there_is_nothing_to_resume(staff, make_batch):
    batch = change(fail_rows(make_batch(3), 3), state=BatchState.HELD, hold_errcode=41030)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "nothing is left to resume" in text
    assert [name for name in ("pause", "resume", "retry", "again") if f'id="{name}"' in text] == ["retry", "again"]
    change(fail_rows(batch, 2), hold_errcode=41030)
    batch.items.filter(row=3).update(state=ItemState.WAITING)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "nothing is left" not in text and 'id="pause"' in text and 'id="resume"' in text


def test_lost_answers_of_a_limited_kind_are_asked_for_again_by_their_own_button_only(staff, make_batch):
    batch = make_batch(
        {"page": "pages/index/index?t=1"}, {"page": "pages/index/index?t=2"}, defaults={"kind": "limited"}
    )
    change(fail_rows(batch, 2, error=AnswerLost.code, errcode=None), state=BatchState.DONE)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "Retry rows without a response" in text
    assert "Retry failed rows" not in text
    staff.post(f"/batches/{batch.pk}/retry/")
    batch.refresh_from_db()
    assert batch.failed == 2
    staff.post(f"/batches/{batch.pk}/retry-lost/")
    batch.refresh_from_db()
    assert (batch.failed, batch.state) == (0, BatchState.RUNNING)


def test_the_title_of_the_tab_says_how_far_an_open_batch_is(staff, make_batch):
    batch = change(make_batch(10), issued=4)
    for address in (f"/batches/{batch.pk}/", f"/batches/{batch.pk}/live/"):
        assert "<title>40 % – Tables" in staff.get(address).text, address
    change(batch, state=BatchState.DONE, finished_at=timezone.now())
    assert "<title>Tables" in staff.get(address).text


def test_the_first_seconds_of_a_batch_tell_no_speed(make_batch):
    batch = change(make_batch(1000), issued=2, pace=[[1000.0, 0]])
    assert find_progress(batch, now=1002.0).per_minute == 0
    assert find_progress(change(batch, issued=100), now=1010.0).per_minute == 600


def test_only_what_has_changed_is_sent_along_with_the_progress(staff, make_batch):
    batch = make_batch(3)
    have = f"have={batch.state}-0-1-0-0"
    assert "hx-swap-oob" not in staff.get(f"/batches/{batch.pk}/live/?{have}").text
    change(batch, state=BatchState.PAUSED)
    changed = staff.get(f"/batches/{batch.pk}/live/?{have}").text
    assert 'id="steering" class="actions steering" hx-swap-oob="true"' in changed
    assert "<html" not in changed


# --- files


@pytest.fixture
def done(transactional_db, miniprogram, make_batch, work):
    return work(make_batch(*scenes(4), {"scene": "x", "label": "=1+1", "seat": "A/1"}))


def content(answer):
    body = b"".join(answer.streaming_content)
    answer.close()
    return body


@pytest.mark.django_db(transaction=True)
def test_the_files_of_a_batch(staff, done):
    address = f"/batches/{done.pk}/file"
    archive = zipfile.ZipFile(io.BytesIO(content(staff.get(f"{address}.zip"))))
    assert archive.namelist() == [
        "Table 1.jpg",
        "Table 2.jpg",
        "Table 3.jpg",
        "Table 4.jpg",
        "=1+1.jpg",
        "manifest.csv",
    ]
    rows = list(csv.DictReader(io.StringIO(content(staff.get(f"{address}.csv")).decode("utf-8-sig"))))
    assert [row["label"] for row in rows][-1] == "'=1+1"
    assert content(staff.get(f"{address}.xlsx")).startswith(b"PK")
    answer = staff.get(
        f"{address}.pdf?sheet=a4&columns=2&size=&label=50x60&caption=label&caption=seat&cut_marks=0&cut_marks=1"
    )
    assert content(answer).startswith(b"%PDF-")
    assert answer["Content-Disposition"] == 'attachment; filename="Tables.pdf"'
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_a_roll_is_a_page_a_label(staff, done):
    body = content(
        staff.get(f"/batches/{done.pk}/file.pdf?sheet=roll&columns=3&size=500&label=50x60&caption=&caption=")
    )
    assert body.count(b"/Type /Page\n") == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", ["sheet=a4&columns=3&size=900", "sheet=roll&label=", "sheet=a4&columns=3&caption=none-such"]
)
def test_a_sheet_that_cannot_be_is_told_on_the_page_with_the_form_kept(staff, done, query):
    answer = staff.get(f"/batches/{done.pk}/file.pdf?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    if "900" in query:
        assert 'value="900"' in answer.text


@pytest.mark.parametrize(
    ("name", "saved_as"),
    [("../../etc/passwd", "_.._etc_passwd.csv"), ('a"b;c/d', "a_b;c_d.csv"), ("...", "batch.csv"), ("CON", "_CON.csv")],
)
def test_a_file_is_saved_under_a_name_that_is_safe_everywhere(staff, make_batch, name, saved_as):
    answer = staff.get(f"/batches/{make_batch(1, name=name).pk}/file.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="{saved_as}"'


@pytest.mark.django_db(transaction=True)
def test_the_codes_of_a_batch_in_the_gallery(staff, done):
    other = issue(done.miniprogram, "other=1")
    page = staff.get(f"/batches/{done.pk}/").text
    assert page.count('<span class="plate">') == 5
    assert f'href="/?batch={done.pk}"' in page
    text = staff.get(f"/?batch={done.pk}").text
    assert '<span class="soft">Batch</span> <span class="clip">Tables</span>' in text
    assert f'<a href="/batches/{done.pk}/">To the batch</a>' in text
    assert "Table 1" in text and f'href="/codes/{other.pk}/"' not in text
    assert "Table 2" not in staff.get(f"/?batch={done.pk}&q=table+1").text
    assert staff.get("/?batch=999").status_code == staff.get("/?batch=x").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_codes_of_a_batch_are_in_its_order_in_the_gallery_and_on_their_pages(staff, make_batch, work, monkeypatch):
    batch = work(make_batch(*({"scene": f"t={number}"} for number in (3, 1, 10, 2))))
    monkeypatch.setattr(browsing, "PAGE_SIZE", 3)
    text = staff.get(f"/?batch={batch.pk}").text
    pks = [int(pk) for pk in re.findall(r'<h2><a href="/codes/(\d+)/', text)]
    codes = dict(batch.items.values_list("scene", "code"))
    assert pks == [codes[f"t={number}"] for number in (3, 1, 10)]
    assert 'aria-label="Codes, in the order of the batch"' in text
    assert f'href="/?batch={batch.pk}&amp;before={codes["t=10"]}"' in text
    later = staff.get(f"/?batch={batch.pk}&before={codes['t=10']}").text
    assert f'href="/codes/{codes["t=2"]}/' in later and "later rows of the batch" in later
    page = staff.get(f"/codes/{codes['t=10']}/?batch={batch.pk}").text
    assert f'href="/codes/{codes["t=1"]}/?batch={batch.pk}" data-key="ArrowLeft"' in page and "← Previous" in page
    assert f'href="/codes/{codes["t=2"]}/?batch={batch.pk}" data-key="ArrowRight"' in page and "Next →" in page


def test_without_codes_there_is_nothing_to_download(staff, make_batch):
    batch = make_batch(2)
    assert "Downloads become available with the first code" in staff.get(f"/batches/{batch.pk}/").text
    assert staff.get(f"/batches/{batch.pk}/file.zip").status_code == 404


# --- the end


def ended(make_batch, **fields):
    return change(
        make_batch(2), **{**ANNA, "state": BatchState.DONE, "finished_at": timezone.now(), "issued": 2, **fields}
    )


def test_every_page_tells_that_my_batch_has_ended_until_i_dismiss_it(staff, make_batch):
    batch = ended(make_batch)
    for address in ("/", "/make/", "/batches/", "/batches/new/"):
        assert "The batch “Tables” is done: 2 created." in staff.get(address).text
    answer = staff.post("/batches/ended/dismiss/", {"batch": batch.pk, "next": "/make/"})
    assert (answer.status_code, answer["Location"]) == (302, "/make/")
    assert "is done" not in staff.get("/").text


def test_a_dismissal_by_htmx_answers_what_is_left(staff, make_batch):
    first = ended(make_batch, name="One")
    ended(make_batch, name="Two", failed=1)
    text = staff.post("/batches/ended/dismiss/", {"batch": first.pk}, headers=HTMX).text
    assert "“Two” is done: 2 created, 1 failed" in text
    assert "One" not in text and "<html" not in text


def test_a_dismissal_leads_nowhere_else(staff, make_batch):
    ended(make_batch)
    assert staff.post("/batches/ended/dismiss/", {"next": "https://evil.example/"})["Location"] == "/batches/"


def test_others_are_not_told_and_cannot_dismiss(client, staff, make_batch):
    batch = ended(make_batch)
    staff.force_login(make_staff("bob"))
    assert "is done" not in staff.get("/").text
    staff.post("/batches/ended/dismiss/", {"batch": batch.pk})
    batch.refresh_from_db()
    assert batch.announced_at is None


def test_whoever_looks_at_their_batch_is_not_told_again(staff, make_batch):
    batch = ended(make_batch)
    staff.get(f"/batches/{batch.pk}/")
    assert "is done" not in staff.get("/").text


def test_fragments_carry_no_notice(staff, make_batch):
    batch = ended(make_batch)
    issue(batch.miniprogram, "a=1")
    for address, target in (
        ("/?before=999", "more"),
        ("/batches/?before=999", "more"),
        (f"/batches/{batch.pk}/row/", ""),
    ):
        assert "is done" not in staff.get(address, headers=HTMX | {"HX-Target": target}).text


def test_pages_ask_for_notices_only_while_a_batch_of_mine_is_open(staff, make_batch):
    batch = make_batch(2)
    assert "/batches/ended/" not in staff.get("/").text
    change(batch, **ANNA)
    assert 'hx-get="/batches/ended/"' in staff.get("/").text
    assert staff.get("/batches/ended/").text.strip().startswith('<div id="ended" hx-get')


def test_a_list_costs_the_same_queries_for_one_batch_and_for_many(staff, make_batch, django_assert_max_num_queries):
    for number in range(8):
        make_batch(1, source=source(number))
    with django_assert_max_num_queries(7):
        staff.get("/batches/")


def test_accounts_that_are_not_staff_neither_see_nor_do(client, make_batch, sandbox):
    batch = make_batch(2)
    client.force_login(User.objects.create_user("carl"))
    assert client.get(f"/batches/{batch.pk}/").status_code == 403
    assert client.post(f"/batches/{batch.pk}/cancel/").status_code == 403
    assert client.get(f"/batches/{batch.pk}/file.csv").status_code == 403
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING


def test_names_are_shown_as_text(staff, make_batch):
    batch = make_batch(2, name="<script>alert(1)</script>")
    change(batch, **ANNA, state=BatchState.DONE, finished_at=timezone.now())
    for address in ("/batches/", "/", f"/?batch={batch.pk}", f"/batches/{batch.pk}/"):
        assert "<script>alert" not in staff.get(address).text


def test_another_mini_program_has_its_own_batches(staff, make_batch, sandbox):
    make_batch(1)
    make_batch(1, miniprogram=make_miniprogram(sandbox, name="Museum"))
    text = staff.get("/batches/").text
    assert "Museum" in text and "Lantern Tea House" in text


def test_what_the_sheets_cannot_show_is_said_before_they_are_printed(staff, make_batch):
    batch = make_batch({"scene": "t=1", "label": "Hall"}, {"scene": "t=2", "label": "Party", "seat": "\u0645\u0642"})
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "font does not have" not in text
    batch.items.update(state=ItemState.ISSUED)
    change(batch, issued=2, state=BatchState.DONE)
    text = staff.get(f"/batches/{batch.pk}/").text
    assert "The captions of 1 code contain characters that the sheets’ font does not have: <bdi>\u0645 \u0642" in text
