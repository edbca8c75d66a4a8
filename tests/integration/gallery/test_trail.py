"""What staff do in the gallery is in the audit trail of the admin: who, what, when."""

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry

from apps.batches.downloads import FILES
from apps.batches.models import BatchState, CodeBatch, ItemState
from apps.codes.models import IssuedCode
from apps.gallery.batch_actions import ACTIONS, ENTRIES, TAKEN
from apps.overview.audit import sentences
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import work as work
from tests.integration.gallery.staff import issue
from tests.integration.gallery.test_make import make

pytestmark = pytest.mark.django_db
CHINESE = {"Accept-Language": "zh-hans"}


def newest() -> tuple[str, int, str, object]:
    entry = LogEntry.objects.select_related("user").latest("id")
    return entry.user.username, entry.action_flag, sentences(entry)[-1], entry.get_edited_object()


def test_a_code_that_is_made_is_there_once(staff, miniprogram):
    make(staff, miniprogram)
    assert newest() == ("anna", ADDITION, "Created in the gallery.", IssuedCode.objects.get())
    make(staff, miniprogram)
    assert LogEntry.objects.count() == 1


def test_what_was_not_made_is_not_there(staff, miniprogram):
    make(staff, miniprogram, scene="桌")
    make(staff, miniprogram, page="pages/none/none")
    assert not LogEntry.objects.exists()


def test_a_batch_that_is_ordered_is_there(staff, miniprogram):
    look = {"miniprogram": miniprogram.appid, "page": "pages/index/index", "env_version": "release", "width": "430"}
    look |= {"color": "black", "line_color": "#000000", "kind": "unlimited"}
    staff.post("/batches/new/", look | {"source": "text", "text": "a=1\na=2"})
    assert not LogEntry.objects.exists()
    staff.post("/batches/new/", look | {"source": "text", "text": "a=1\na=2", "action": "start"})
    assert newest() == ("anna", ADDITION, "Created in the gallery.", CodeBatch.objects.get())


@pytest.mark.parametrize("action", ACTIONS)
def test_every_way_to_steer_a_batch_is_there(staff, miniprogram, make_batch, action):
    batch = make_batch(2)
    state = {"resume": BatchState.PAUSED, "retry": BatchState.DONE, "retry-lost": BatchState.DONE}
    CodeBatch.objects.update(state=state.get(action, BatchState.RUNNING), failed=2)
    batch.items.update(state=ItemState.FAILED)
    staff.post(f"/batches/{batch.pk}/{action}/", {"name": "Terrace"})
    told = {"rename": f"Renamed from “{batch.name}” to “Terrace”."}
    assert newest() == ("anna", CHANGE, told.get(action, ENTRIES[action]), batch)


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_taken_along_is_there(staff, miniprogram, make_batch, work):
    batch = work(make_batch(1))
    for extension, words in TAKEN.items():
        answer = staff.get(f"/batches/{batch.pk}/file.{extension}")
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content if answer.streaming else [answer.content])
        answer.close()
        assert newest() == ("anna", CHANGE, words, batch)
    assert staff.get(f"/batches/{batch.pk}/file.pdf?sheet=a4&columns=3&size=900").status_code == 400
    assert LogEntry.objects.count() == len(TAKEN) == len(FILES)


def test_a_picture_that_is_taken_along_is_there_and_one_that_is_looked_at_is_not(staff, miniprogram):
    code = issue(miniprogram, "a=1")
    for query in ("", "?width=160", "?width=280"):
        assert staff.get(f"/codes/{code.pk}/picture{query}").status_code == 200
    staff.head(f"/codes/{code.pk}/picture?download=1")
    assert not LogEntry.objects.exists()
    answer = staff.get(f"/codes/{code.pk}/picture?width=280&download=1")
    assert newest() == ("anna", CHANGE, "Downloaded the image.", code)
    again = staff.get(f"/codes/{code.pk}/picture?width=280&download=1", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, LogEntry.objects.count()) == (304, 1)


def test_a_refused_action_is_not_there(staff, miniprogram, make_batch):
    batch = make_batch(1)
    CodeBatch.objects.update(state=BatchState.CANCELLED)
    assert staff.post(f"/batches/{batch.pk}/resume/").status_code == 409
    assert not LogEntry.objects.exists()


def test_the_trail_tells_it_in_the_language_of_its_reader(staff, miniprogram, make_batch):
    staff.post(f"/batches/{make_batch(1).pk}/pause/")
    address = "/admin/admin/logentry/"
    assert "Paused." in staff.get(address).text
    assert "Paused." not in staff.get(address, headers=CHINESE).text
