"""Batches in the admin: steered by POST, stuck work visible, failed rows at hand."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from apps.batches import claims, services
from apps.batches.models import BatchItem, BatchState, CodeBatch, ItemState
from apps.clients.services import create_client
from apps.wechat.errcodes import find_errcode

pytestmark = pytest.mark.django_db
LIST = reverse("admin:batches_codebatch_changelist")


@pytest.fixture
def batch(make_batch):
    return make_batch(3)


def act(client, batch, name, **facts):
    return client.post(reverse("admin:batches_codebatch_actions", args=[batch.pk, name]), facts, follow=True)


def test_stuck_work_is_visible_until_somebody_attends_to_it(admin_client, batch):
    assert "Stalled: no worker has picked it up" in admin_client.get(LIST).text
    assert batch.name in admin_client.get(f"{LIST}?stuck=1").text
    claims.take_lease(batch.miniprogram_id, owner="me", process="here")
    assert "worker and beat are running" not in admin_client.get(LIST).text
    assert "0 batches" in admin_client.get(f"{LIST}?stuck=1").text


def test_a_held_batch_says_why_and_what_to_do(admin_client, batch):
    CodeBatch.objects.update(state=BatchState.HELD, hold_detail="WeChat answered 40125", hold_advice="Check AppSecret")
    page = admin_client.get(LIST).text
    assert "WeChat answered 40125" in page and "Check AppSecret" in page


def test_the_rows_and_the_list_tell_what_wechat_refused_in_the_readers_language(admin_client, batch):
    known = find_errcode(41030)
    CodeBatch.objects.update(state=BatchState.HELD, hold_errcode=41030, hold_detail="Old.", hold_advice="Old.")
    BatchItem.objects.filter(batch=batch).update(state=ItemState.FAILED, errcode=41030, detail="Old.", advice="Old.")
    rows = reverse("admin:batches_batchitem_changelist")
    row = reverse("admin:batches_batchitem_change", args=[batch.items.first().pk])
    for address in (LIST, rows, row):
        page = admin_client.get(address, headers={"accept-language": "zh-hans"}).text
        assert known.meaning_zh in page and known.cure_zh in page and "Old." not in page


def test_a_batch_is_steered_by_post_only(admin_client, batch):
    assert "paused" in act(admin_client, batch, "pause").text
    page = admin_client.get(LIST).text
    batch.refresh_from_db()
    assert f"paused by admin at {timezone.localtime(batch.stopped_at):%Y-%m-%d %H:%M}" in page
    assert "running" in act(admin_client, batch, "resume").text
    batch.refresh_from_db()
    assert (batch.stopped_by, batch.stopped_at) == ("", None)
    admin_client.get(reverse("admin:batches_codebatch_actions", args=[batch.pk, "cancel"]))
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING
    asked = act(admin_client, batch, "cancel").text
    assert f"Cancel the batch “{batch.name}”?" in asked and "3 rows that are waiting" in asked
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING
    assert "cancelled" in act(admin_client, batch, "cancel", confirmed="yes").text


def test_failed_rows_are_found_exported_and_retried(admin_client, batch):
    BatchItem.objects.filter(batch=batch, scene="t=2").update(state=ItemState.FAILED, errcode=41030, detail="no page")
    CodeBatch.objects.filter(pk=batch.pk).update(state=BatchState.DONE, issued=2, failed=1)
    page = admin_client.get(LIST).text
    assert f"batch__id__exact={batch.pk}" in page and "export.csv?state=failed" in page
    rows = reverse("admin:batches_batchitem_changelist")
    found = admin_client.get(f"{rows}?batch__id__exact={batch.pk}&state__exact=failed").text
    assert "41030" in found and "Table 1" not in found
    assert "t=2" in admin_client.get(f"{rows}?q=t%3D2").text
    act(admin_client, batch, "retry")
    batch.refresh_from_db()
    assert (batch.state, batch.failed, batch.waiting) == (BatchState.RUNNING, 0, 1)


def test_who_may_only_look_steers_nothing(client, batch):
    from django.contrib.auth.models import Permission

    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_codebatch", "see_every_miniprogram"]))
    client.force_login(viewer)
    assert client.get(reverse("admin:batches_codebatch_change", args=[batch.pk])).status_code == 200
    assert act(client, batch, "cancel").status_code in (403, 404)
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING


def test_limits_say_what_they_mean_and_their_defaults(admin_client):
    address = reverse("admin:batches_batchlimit_add")
    page = admin_client.get(address).text
    assert "1 to 100,000. Default: 100,000." in page and "Default: 20." in page
    assert 'name="max_rows" value="100000"' in page and 'name="max_open" value="20"' in page
    client, _key = create_client(name="till", scopes=["codes:create"])
    answer = admin_client.post(address, {"client": client.pk, "max_rows": 100_001, "max_open": 0})
    assert set(answer.context["adminform"].form.errors) == {"max_rows", "max_open"}


def test_the_pages_of_rows_runs_and_limits_open(admin_client, batch):
    claims.take_lease(batch.miniprogram_id, owner="me", process="host:1")
    services.pause_batch(batch)
    for model in ("batchitem", "batchrun", "batchlimit"):
        assert admin_client.get(reverse(f"admin:batches_{model}_changelist")).status_code == 200
    assert admin_client.get(reverse("admin:batches_codebatch_change", args=[batch.pk])).status_code == 200
