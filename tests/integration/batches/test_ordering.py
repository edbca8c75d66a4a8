"""A dry run tells every problem and spends nothing; an import stores all rows or none."""

import pytest

from apps.batches.errors import RowsInvalid, TooManyRows, UnreadableInput
from apps.batches.models import BatchItem, BatchLimit, BatchState, CodeBatch
from apps.batches.ordering import BatchOrder, create_batch, dry_run
from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.codes.requests import Issuer, code_request, slashed_digest
from apps.codes.services import issue_code
from tests.integration.batches.conftest import scenes, source_of
from tests.parts import ISSUER, make_miniprogram

CODE = "/wxa/getwxacodeunlimit"
pytestmark = pytest.mark.django_db


def order(miniprogram, *rows, **fields):
    return BatchOrder(
        **{"miniprogram": miniprogram, "name": "x", "source": source_of(*rows), "issuer": ISSUER, **fields}
    )


def test_every_problem_has_row_column_value_and_cure(sandbox, miniprogram):
    report = dry_run(
        order(
            miniprogram,
            {"scene": "a"},
            {"scene": "桌1", "page": "/pages/x", "width": "wide"},
            {"label": "no scene"},
            {"scene": "b", "env_version": "beta", "note": "a\0b"},
        )
    )
    assert (report.rows, report.valid, report.invalid, report.problem_count) == (4, 1, 3, 6)
    found = {(problem.row, problem.column): problem for problem in report.problems}
    assert set(found) == {(2, "scene"), (2, "page"), (2, "width"), (3, "scene"), (4, "env_version"), (4, "note")}
    assert found[2, "scene"].value == "桌1"
    assert "Remove the leading slash" in found[2, "page"].message
    assert sandbox.count(CODE) == 0
    assert not CodeBatch.objects.exists()


@pytest.mark.both_databases
def test_duplicates_and_existing_codes_are_told_apart(sandbox, miniprogram):
    known = issue_code(miniprogram=miniprogram, request=code_request(miniprogram, scene="old"), issuer=ISSUER).code
    report = dry_run(order(miniprogram, {"scene": "new"}, {"scene": "old"}, {"scene": "new", "label": "again"}))
    assert (report.duplicates, report.existing, report.calls) == (1, 1, 1)
    assert report.duplicate_rows == [(3, 1)]
    assert report.existing_rows == [(2, known.pk)]
    assert sandbox.count(CODE) == 1


@pytest.mark.both_databases
def test_an_external_id_names_one_code_within_the_file_and_in_the_history(sandbox, miniprogram):
    request = code_request(miniprogram, scene="old", external_id="x1")
    issue_code(miniprogram=miniprogram, request=request, issuer=ISSUER)
    report = dry_run(
        order(
            miniprogram,
            {"scene": "old", "external_id": "x1"},
            {"scene": "a", "external_id": "x2"},
            {"scene": "a", "external_id": "x2"},
            {"scene": "b", "external_id": "x2"},
        )
    )
    assert [(problem.row, problem.column) for problem in report.problems] == [(4, "external_id")]
    taken = dry_run(order(miniprogram, {"scene": "c", "external_id": "x1"}))
    # members of staff share no external_ids with clients, and a null client is nobody's
    assert taken.invalid == 1


def test_defaults_fill_what_rows_leave_out_and_tags_add_up(miniprogram):
    batch, _report = create_batch(
        order(
            miniprogram,
            {"scene": "a", "tags": "x; y"},
            {"scene": "b", "page": "pages/own", "width": 300, "env_version": "Trial"},
            defaults={"page": "pages/detail/detail", "width": 640, "tags": ("all",), "is_hyaline": True},
        )
    )
    first, second = batch.items.all()
    assert (first.page, first.width, first.tags) == ("pages/detail/detail", 640, ["all", "x", "y"])
    assert (second.page, second.width, second.tags) == ("pages/own", 300, ["all"])
    assert (second.env_version, second.check_path, batch.is_hyaline) == ("trial", False, True)


def test_nothing_is_stored_when_a_row_is_not_valid(miniprogram):
    with pytest.raises(RowsInvalid) as refused:
        create_batch(order(miniprogram, {"scene": "a"}, {"scene": "桌"}))
    assert list(refused.value.errors) == ["rows.2.scene"]
    assert not CodeBatch.objects.exists()


def test_invalid_rows_can_be_left_out(miniprogram):
    batch, report = create_batch(order(miniprogram, {"scene": "a"}, {"scene": "桌"}, skip_invalid=True))
    assert (batch.total, batch.state, report.invalid) == (1, BatchState.RUNNING, 1)


@pytest.mark.both_databases
def test_all_rows_and_further_columns_are_kept(miniprogram):
    batch, _report = create_batch(order(miniprogram, *[row | {"seat": str(n)} for n, row in enumerate(scenes(1200))]))
    assert batch.total == BatchItem.objects.filter(batch=batch).count() == 1200
    assert batch.columns == ["seat"]
    assert batch.items.last().extra == {"seat": "1199"}


def test_no_rows_are_an_error(miniprogram):
    with pytest.raises(UnreadableInput, match="no rows"):
        dry_run(order(miniprogram))


def test_a_client_has_its_own_limits(miniprogram):
    from apps.batches.errors import TooManyBatches

    client, _key = create_client(name="small", scopes=["codes:create"])
    BatchLimit.objects.create(client=client, max_rows=2, max_open=1)
    issuer = Issuer(label="client:small", client_id=client.pk)
    with pytest.raises(TooManyRows):
        create_batch(order(miniprogram, *scenes(3), issuer=issuer))
    create_batch(order(miniprogram, *scenes(2), issuer=issuer))
    with pytest.raises(TooManyBatches):
        create_batch(order(miniprogram, *scenes(1), issuer=issuer))


def test_an_inactive_mini_program_gets_no_batch():
    miniprogram = make_miniprogram()
    miniprogram.is_active = False
    miniprogram.save()
    from apps.tokens.refreshing import MiniProgramInactive

    with pytest.raises(MiniProgramInactive):
        create_batch(order(miniprogram, {"scene": "a"}))


def test_a_leading_slash_of_a_path_makes_no_second_code(miniprogram):
    rows = order(miniprogram, {"page": "/pages/a"}, {"page": "pages/a"}, defaults={"kind": "limited"})
    assert dry_run(rows).duplicate_rows == [(2, 1)]


def test_a_code_stored_with_a_leading_slash_counts_as_existing(miniprogram):
    request = code_request(miniprogram, kind="limited", path="/pages/a")
    code = issue_code(miniprogram=miniprogram, request=request, issuer=ISSUER).code
    IssuedCode.objects.filter(pk=code.pk).update(digest=slashed_digest(request))
    rows = order(miniprogram, {"page": "pages/a"}, {"page": "/pages/a"}, defaults={"kind": "limited"})
    report = dry_run(rows)
    assert (report.existing_rows, report.duplicate_rows, report.calls) == ([(1, code.pk)], [(2, 1)], 0)


def test_paths_of_the_limited_kinds_are_checked_by_their_own_rules(miniprogram):
    report = dry_run(
        order(miniprogram, {"page": "pages/a?x=1"}, {"scene": "a", "page": "pages/a"}, {}, defaults={"kind": "limited"})
    )
    assert (report.valid, report.invalid) == (1, 2)
    assert [(problem.row, problem.column) for problem in report.problems] == [(2, "scene"), (3, "page")]
