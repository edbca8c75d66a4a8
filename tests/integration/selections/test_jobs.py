"""Work on selections: in chunks, once, within rights, with a trail; what a dead worker leaves is taken up again."""

import datetime as dt
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.utils import timezone, translation

from apps.codes.models import CodeTag, IssuedCode, Tag
from apps.codes.pictures import StorageUnavailable
from apps.overview.audit import in_words
from apps.selections import jobs
from apps.selections.choosing import CHUNK, MOST_CODES, TooManyCodes, choose_found, choose_ticked
from apps.selections.models import Action, JobState, Selection, SelectionJob
from apps.selections.tidying import tidy_selections
from tests.integration.codes.rows import new_code
from tests.integration.gallery.staff import make_staff
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MANY = 20_000


@pytest.fixture
def anna(db):
    return make_staff()


def make_codes(count, **fields):
    miniprogram = make_miniprogram()
    rows = [new_code(miniprogram, f"n={number}", label=f"Table {number}", **fields) for number in range(count)]
    IssuedCode.objects.bulk_create(rows, batch_size=1000)
    return list(IssuedCode.objects.order_by("-pk").values_list("pk", flat=True))


def select(user, ids, **fields):
    return choose_found(user.pk, ids, **({"search": "?q=table"} | fields))


def start(user, ids, action=Action.ARCHIVE, **options):
    return jobs.start_job(select(user, ids), action, options)


def work_until_ended(job, *, steps=1000):
    for _step in range(steps):
        jobs.attend()
        job.refresh_from_db()
        if not job.is_open:
            return job
    raise AssertionError(f"still {job.state} at {job.done} of {job.total}")


def test_a_small_selection_is_archived_at_once_and_comes_back(anna):
    ids = make_codes(3)
    job = start(anna, ids)
    assert (job.state, job.done, job.changed, job.left_out) == (JobState.DONE, 3, 3, 0)
    assert IssuedCode.objects.current().count() == 0
    back = start(anna, ids, Action.RESTORE)
    assert (back.state, back.changed) == (JobState.DONE, 3)
    assert IssuedCode.objects.current().count() == 3


def test_doing_it_again_changes_nothing_and_says_so(anna):
    ids = make_codes(2)
    start(anna, ids[:1])
    archived_at = IssuedCode.objects.get(pk=ids[0]).archived_at
    job = start(anna, ids)
    assert (job.done, job.changed) == (2, 1)
    assert IssuedCode.objects.get(pk=ids[0]).archived_at == archived_at


def test_tags_are_added_and_removed_with_the_key_that_their_index_needs(anna):
    ids = make_codes(3)
    job = start(anna, ids, Action.TAG, tags=["hall", "大厅"])
    assert (job.state, job.changed) == (JobState.DONE, 3)
    assert CodeTag.objects.count() == 6
    assert set(CodeTag.objects.values_list("miniprogram_key", flat=True)) == {
        IssuedCode.objects.get(pk=ids[0]).miniprogram_id
    }
    assert start(anna, ids, Action.TAG, tags=["hall"]).changed == 0
    assert start(anna, ids[:2], Action.UNTAG, tags=["hall", "unknown"]).changed == 2
    assert [tag.name for tag in IssuedCode.objects.get(pk=ids[0]).tags.all()] == ["大厅"]


def test_a_code_without_room_for_more_tags_is_left_and_counted(anna):
    ids = make_codes(2)
    code = IssuedCode.objects.get(pk=ids[0])
    for number in range(20):
        code.tags.add(Tag.objects.create(name=f"t{number}"), through_defaults=code.tag_defaults)
    job = start(anna, ids, Action.TAG, tags=["t1", "new"])
    assert (job.changed, job.full, job.left_out) == (1, 1, 0)
    assert code.tags.count() == 20


def test_codes_that_are_gone_are_left_out_and_counted(anna):
    ids = make_codes(3)
    selection = select(anna, ids)
    IssuedCode.objects.filter(pk=ids[1]).delete()
    job = jobs.start_job(selection, Action.ARCHIVE, {})
    assert (job.state, job.done, job.changed, job.left_out) == (JobState.DONE, 3, 2, 1)


@pytest.mark.parametrize("lost", ["is_active", "is_staff"])
def test_rights_count_at_the_time_of_the_work(anna, lost):
    ids = make_codes(CHUNK + 1)
    job = start(anna, ids)
    assert job.state == JobState.WAITING
    setattr(anna, lost, False)
    anna.save()
    work_until_ended(job)
    assert (job.changed, job.left_out) == (0, CHUNK + 1)
    assert IssuedCode.objects.current().count() == CHUNK + 1


def test_only_codes_that_are_there_can_be_ticked_and_they_are_kept_in_the_order_of_their_issue(anna):
    ids = make_codes(3)
    assert choose_ticked(anna.pk, [ids[0], ids[2], ids[0], 999_999]).code_ids == [ids[2], ids[0]]


def test_too_many_are_refused_and_the_limit_is_said():
    with pytest.raises(TooManyCodes, match="More than 50,000 codes"):
        choose_found(1, range(MOST_CODES + 1), search="")
    assert Selection.objects.count() == 0


def test_many_codes_are_worked_on_in_chunks_that_are_stored_with_their_progress(anna, monkeypatch):
    job = start(anna, make_codes(2 * CHUNK + 7))
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0)
    steps = []
    for _step in range(3):
        jobs.work(job.pk, seconds=0)
        job.refresh_from_db()
        steps.append((job.done, IssuedCode.objects.exclude(archived_at=None).count(), job.state))
    last = 2 * CHUNK + 7
    assert steps == [(CHUNK, CHUNK, "running"), (2 * CHUNK, 2 * CHUNK, "running"), (last, last, "done")]


def test_a_chunk_that_fails_is_taken_back_with_its_progress_and_done_later(anna, monkeypatch):
    job = start(anna, make_codes(CHUNK + 1))
    real = jobs.CHANGES[Action.ARCHIVE]

    def fail(codes, options):
        real(codes, options)
        raise StorageUnavailable("The disk is away.")

    monkeypatch.setitem(jobs.CHANGES, Action.ARCHIVE, fail)
    jobs.attend()
    job.refresh_from_db()
    assert (job.state, job.done, job.problem) == (JobState.RUNNING, 0, "The disk is away.")
    assert IssuedCode.objects.current().count() == CHUNK + 1
    monkeypatch.setitem(jobs.CHANGES, Action.ARCHIVE, real)
    jobs.attend()
    assert IssuedCode.objects.current().count() == CHUNK + 1, "it rests before it tries again"
    SelectionJob.objects.update(lease_until=timezone.now())
    work_until_ended(job)
    assert (job.state, job.changed, job.problem) == (JobState.DONE, CHUNK + 1, "")


def test_what_fails_again_and_again_ends_and_says_why(anna, monkeypatch):
    job = start(anna, make_codes(CHUNK + 1))
    monkeypatch.setattr(jobs, "PAUSE_SECONDS", -1)

    def fail(codes, options):
        raise ZeroDivisionError

    monkeypatch.setitem(jobs.CHANGES, Action.ARCHIVE, fail)
    work_until_ended(job, steps=jobs.MOST_ATTEMPTS + 1)
    assert (job.state, job.done) == (JobState.FAILED, 0)
    assert "Operators: see the log" in job.problem
    assert in_words(LogEntry.objects.get()).endswith("The bulk action failed part-way.")


def test_a_living_lease_keeps_others_away_and_a_dead_one_is_taken_over(anna):
    job = start(anna, make_codes(CHUNK + 1))
    lease = timezone.now() + dt.timedelta(minutes=5)
    SelectionJob.objects.update(state=JobState.RUNNING, owner="dead", lease_until=lease)
    assert jobs.attend() is False
    job.refresh_from_db()
    assert (job.done, job.owner) == (0, "dead")
    SelectionJob.objects.update(lease_until=timezone.now())
    assert work_until_ended(job).changed == CHUNK + 1


def test_whoever_lost_the_lease_in_the_middle_changes_nothing(anna, monkeypatch):
    job = start(anna, make_codes(CHUNK + 1))
    real = jobs.CHANGES[Action.ARCHIVE]

    def be_slow(codes, options):
        SelectionJob.objects.filter(pk=job.pk).update(owner="another")
        return real(codes, options)

    monkeypatch.setitem(jobs.CHANGES, Action.ARCHIVE, be_slow)
    jobs.work(job.pk)
    job.refresh_from_db()
    assert job.done == 0
    assert IssuedCode.objects.current().count() == CHUNK + 1


def test_a_cancelled_job_stops_keeps_what_is_done_and_is_in_the_trail(anna):
    job = start(anna, make_codes(CHUNK + 1))
    jobs.work(job.pk, seconds=0)
    jobs.cancel_job(job)
    assert jobs.attend() is False
    job.refresh_from_db()
    assert (job.state, job.done, IssuedCode.objects.current().count()) == (JobState.CANCELLED, CHUNK, 1)
    entry = LogEntry.objects.get()
    told = f"Archived codes: {CHUNK} of {CHUNK + 1} (?q=table). The bulk action was cancelled part-way."
    assert (in_words(entry), entry.object_repr) == (told, f"{CHUNK + 1}: ?q=table")
    jobs.cancel_job(job)
    assert LogEntry.objects.count() == 1


def test_the_trail_has_one_entry_that_says_what_to_how_many_and_which(anna):
    ids = make_codes(7)
    start(anna, ids, Action.TAG, tags=["hall", "大厅"])
    jobs.start_job(choose_ticked(anna.pk, ids[:6]), Action.ARCHIVE, {})
    found, ticked = LogEntry.objects.order_by("pk")
    assert (found.user, found.object_repr) == (anna, "7: ?q=table")
    assert in_words(found) == "Added the tags hall, 大厅 to codes: 7 of 7 (?q=table)."
    assert in_words(ticked) == f"Archived codes: 6 of 6 ({', '.join(map(str, ids[5:0:-1]))}, …)."
    with translation.override("zh-hans"):
        assert in_words(found) == "为小程序码添加标签 hall、大厅：共 7 个，变更 7 个（?q=table）。"


def test_a_long_job_lets_the_others_go_first(anna):
    ids = make_codes(2 * CHUNK + 1)
    first, second = start(anna, ids), start(anna, ids, Action.TAG, tags=["hall"])
    jobs.work(first.pk, seconds=0)
    assert jobs.attend() is True
    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.state, first.done) == (JobState.DONE, CHUNK)


def test_nobody_starts_more_than_ten_at_once(anna):
    selection = select(anna, make_codes(CHUNK + 1))
    for _number in range(jobs.MOST_OPEN):
        jobs.start_job(selection, Action.ARCHIVE, {})
    with pytest.raises(jobs.TooMuchAtOnce):
        jobs.start_job(selection, Action.ARCHIVE, {})


def test_the_last_of_many_chunks_costs_what_the_second_did(anna, monkeypatch, django_assert_max_num_queries):
    import tracemalloc

    chunk, many = 100, 2000
    ids = make_codes(many)
    monkeypatch.setattr(jobs, "CHUNK", chunk)
    job = start(anna, ids, Action.TAG, tags=["hall"])
    peaks = {}
    for number in range(many // chunk):
        is_measured = number in (1, many // chunk - 1)
        if is_measured:
            tracemalloc.start()
        with django_assert_max_num_queries(20):
            jobs.work(job.pk, seconds=0)
        if is_measured:
            peaks[number] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    job.refresh_from_db()
    assert (job.state, job.done, job.changed, CodeTag.objects.count()) == (JobState.DONE, many, many, many)
    second, last = peaks.values()
    # the ids and one chunk of codes
    assert last < 1.3 * second < 4_000_000


def test_what_nobody_has_used_for_a_week_is_removed_with_its_files(anna):
    ids = make_codes(2)
    old, used, fresh = (select(anna, ids) for _number in range(3))
    place = default_storage.save("sheets/1-old.pdf", io.BytesIO(b"%PDF"))
    long_ago = timezone.now() - dt.timedelta(days=8)
    Selection.objects.filter(pk__in=[old.pk, used.pk]).update(created_at=long_ago)
    ended = {"action": Action.PRINT, "total": 2, "state": JobState.DONE}
    SelectionJob.objects.create(
        selection=old, finished_at=long_ago, files=[{"place": place, "size": 4, "count": 2}], **ended
    )
    SelectionJob.objects.create(selection=used, finished_at=timezone.now(), **ended)
    stray = default_storage.save("sheets/2-stray.pdf", io.BytesIO(b"%PDF"))
    assert tidy_selections(now=timezone.now()) == 1
    assert set(Selection.objects.values_list("pk", flat=True)) == {used.pk, fresh.pk}
    assert not default_storage.exists(place) and not default_storage.exists(stray)
