"""One of the 100,000 is never lost on its way into the storage and the database."""

import errno

import pytest
from django.db import OperationalError

from apps.codes.models import LifetimePool
from apps.codes.storage import DurableFileSystemStorage
from apps.coordination.connection import key
from apps.prepared import PreparedInsert
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
LIMITED = "/wxa/getwxacode"


@pytest.fixture
def miniprogram(sandbox):
    return make_miniprogram(sandbox)


def fill_disk(patch):
    def refuse(self, name, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(DurableFileSystemStorage, "_save", refuse)


def stop_database(patch):
    def refuse(self, row):
        raise OperationalError("server closed the connection unexpectedly")

    patch.setattr(PreparedInsert, "insert", refuse)


@pytest.mark.parametrize(
    ("breaking", "code"), [(fill_disk, "storage_unavailable"), (stop_database, "database_unavailable")]
)
def test_what_could_not_be_stored_is_stored_by_the_next_request(sandbox, miniprogram, redis_client, breaking, code):
    api, body = make_api(), {"appid": miniprogram.appid, "kind": "limited", "path": "pages/index/index?a=1"}
    with pytest.MonkeyPatch.context() as patch:
        breaking(patch)
        refused = api.post("/api/v1/codes/", body, "json")
    assert (refused.status_code, refused.json()["code"]) == (503, code)
    answer = api.post("/api/v1/codes/", body, "json")
    assert (answer.status_code, answer.json()["num_used"]) == (201, 1)
    assert (sandbox.count(LIMITED), LifetimePool.objects.get().used) == (1, 1)
    picture = api.get(f"/api/v1/codes/{answer.json()['id']}/image")
    assert picture.content.startswith(b"\xff\xd8")
    assert not list(redis_client.scan_iter(key("drawn", "*")))


def test_a_reissue_that_could_not_be_stored_is_not_drawn_twice(sandbox, miniprogram, redis_client):
    api, body = make_api(), {"appid": miniprogram.appid, "kind": "limited", "path": "pages/index/index?a=1"}
    pk = api.post("/api/v1/codes/", body, "json").json()["id"]
    with pytest.MonkeyPatch.context() as patch:
        fill_disk(patch)
        assert api.post(f"/api/v1/codes/{pk}/reissue", {"width": 860}, "json").status_code == 503
    assert api.post(f"/api/v1/codes/{pk}/reissue", {"width": 860}, "json").status_code == 200
    assert sandbox.count(LIMITED) == 2
    assert not list(redis_client.scan_iter(key("drawn", "*")))


def test_another_path_draws_its_own(sandbox, miniprogram):
    api = make_api()
    with pytest.MonkeyPatch.context() as patch:
        fill_disk(patch)
        body = {"appid": miniprogram.appid, "kind": "limited", "path": "pages/index/index?a=1"}
        assert api.post("/api/v1/codes/", body, "json").status_code == 503
    assert api.post("/api/v1/codes/", body | {"path": "pages/index/index?a=2"}, "json").json()["num_used"] == 2
