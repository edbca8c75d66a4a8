"""The order of a selection on paper and in a zip: as people count, as the batch has them, or newest first."""

import pytest

from apps.batches.models import BatchItem, CodeBatch, ItemState
from apps.codes.models import IssuedCode
from apps.errors import InvalidRequest
from apps.exports.sheets import SheetEntry
from apps.selections import jobs, printing
from apps.selections.choosing import CHUNK, choose_found
from apps.selections.models import Action, JobState
from apps.selections.ordering import Order, default_order, read_order, sort_ids
from tests.integration.codes.rows import new_code
from tests.integration.gallery.staff import make_staff
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
# (scene, label), as they were issued
CODES = [("t=11", "Table 11"), ("t=2", "Table 2"), ("t=1", "Table 10"), ("t=20", ""), ("t=3", "桌 1")]


@pytest.fixture
def miniprogram(db):
    return make_miniprogram()


@pytest.fixture
def ids(miniprogram):
    IssuedCode.objects.bulk_create([new_code(miniprogram, scene, label=label) for scene, label in CODES])
    return {code.scene: code.pk for code in IssuedCode.objects.all()}


def choose(ids, *, search=""):
    return choose_found(make_staff().pk, list(ids.values()), search=search)


def put_into_batch(miniprogram, ids, *scenes):
    batch = CodeBatch.objects.create(miniprogram=miniprogram, name="Hall", issued_by="staff:anna", door="gallery")
    look = {"env_version": "release", "check_path": True, "width": 430, "state": ItemState.ISSUED}
    for row, scene in enumerate(scenes, start=1):
        BatchItem.objects.create(batch=batch, row=row, scene=scene, digest=scene, code_id=ids[scene], **look)
    return batch


def scenes_in(selection, order, ids):
    names = {pk: scene for scene, pk in ids.items()}
    return [names[pk] for pk in sort_ids(selection, order)]


def test_the_label_or_else_the_scene_counts_unless_told(ids):
    selection = choose(ids)
    assert default_order(selection) == read_order(selection, "") == Order.LABEL
    assert scenes_in(selection, Order.LABEL, ids) == ["t=20", "t=2", "t=1", "t=11", "t=3"]


def test_the_scene_or_the_moment_of_issue_counts_where_that_is_asked_for(ids):
    selection = choose(ids)
    assert scenes_in(selection, read_order(selection, "scene"), ids) == ["t=1", "t=2", "t=3", "t=11", "t=20"]
    assert scenes_in(selection, read_order(selection, "newest"), ids) == ["t=3", "t=20", "t=1", "t=2", "t=11"]
    with pytest.raises(InvalidRequest) as caught:
        read_order(selection, "colour")
    assert list(caught.value.errors) == ["order"]


def test_codes_of_a_batch_come_by_row_and_those_without_a_batch_last(miniprogram, ids):
    put_into_batch(miniprogram, ids, "t=20", "t=3")
    # the same code twice counts by its first row
    batch = put_into_batch(miniprogram, ids, "t=3", "t=11", "t=20", "t=3")
    selection = choose(ids, search=f"?batch={batch.pk}")
    assert default_order(selection) == Order.ROW
    assert scenes_in(selection, Order.ROW, ids) == ["t=3", "t=11", "t=20", "t=2", "t=1"]


def test_without_a_batch_in_the_search_the_first_batch_of_each_code_counts(miniprogram, ids):
    put_into_batch(miniprogram, ids, "t=20", "t=3")
    put_into_batch(miniprogram, ids, "t=3", "t=11")
    assert scenes_in(choose(ids), Order.ROW, ids) == ["t=20", "t=3", "t=11", "t=2", "t=1"]


def test_codes_that_are_gone_come_last_and_none_is_lost(ids):
    selection = choose(ids)
    IssuedCode.objects.filter(scene="t=20").delete()
    assert sort_ids(selection, Order.LABEL)[-1] == ids["t=20"]
    assert sorted(sort_ids(selection, Order.LABEL)) == sorted(ids.values())


def test_many_codes_are_sorted_with_a_few_statements(miniprogram, django_assert_max_num_queries):
    count = 2 * CHUNK + 1
    rows = [new_code(miniprogram, f"n={number}", label=f"Table {number}") for number in range(count, 0, -1)]
    IssuedCode.objects.bulk_create(rows, batch_size=500)
    selection = choose({code.scene: code.pk for code in IssuedCode.objects.all()})
    with django_assert_max_num_queries(12):
        found = sort_ids(selection, Order.LABEL)
    assert found == list(IssuedCode.objects.order_by("-pk").values_list("pk", flat=True))


def test_documents_of_a_job_go_on_in_one_order_and_only_the_first_skips_used_stickers(ids, monkeypatch):
    drawn = []

    def remember(title, entries, *, count, layout):
        drawn.append(([entry.captions[0] for entry in entries], layout.used))
        return printing.draw_test_page(title, layout)

    monkeypatch.setattr(printing, "draw_sheets", remember)
    monkeypatch.setattr(jobs, "PART_SIZE", 2)
    selection = choose(ids)
    form = {"preset": "avery-l7160", "start": "4", "caption": "scene", "order": "scene"}
    job = jobs.start_job(selection, Action.PRINT, printing.with_ids(selection, form))
    jobs.attend()
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert drawn == [(["t=1", "t=2"], 3), (["t=3", "t=11"], 0), (["t=20"], 0)]


def test_a_label_that_changes_between_two_documents_moves_no_code(ids, monkeypatch):
    seen = []
    monkeypatch.setattr(jobs, "PART_SIZE", 3)
    monkeypatch.setattr(
        printing, "SheetEntry", lambda code, captions: seen.append(code.pk) or SheetEntry(None, captions)
    )
    selection = choose(ids)
    job = jobs.start_job(selection, Action.PRINT, printing.with_ids(selection, {"order": "label"}))
    jobs.work(job.pk, seconds=0)
    IssuedCode.objects.filter(scene="t=3").update(label="A first")
    jobs.attend()
    assert sorted(seen) == sorted(ids.values())
