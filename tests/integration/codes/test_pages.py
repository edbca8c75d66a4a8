"""An empty page is the default page wherever it is sent, or the home page without one; `/` is the home page."""

import csv
import json
from io import BytesIO

import pytest

from apps.batches.exports.again import find_alike
from apps.batches.exports.tables import export_csv
from apps.batches.models import BatchItem
from apps.codes.models import IssuedCode
from tests.integration.gallery.staff import make_staff
from tests.integration.gateway.knocking import UNLIMITED
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
DEFAULT = "pages/index/index"
MEANINGS = [("", "", ""), ("", "/", ""), (DEFAULT, "", DEFAULT), (DEFAULT, "/", ""), (DEFAULT, None, DEFAULT)]
EACH = pytest.mark.parametrize(("default", "sent", "meant"), MEANINGS)


class World:
    """The mini-program, and every way to name a page to it; each answers the page that was used."""

    def __init__(self, sandbox, client, default):
        self.miniprogram = make_miniprogram(sandbox, default_page=default)
        self.miniprogram.is_default = True
        self.miniprogram.save()
        self.api, self.client = make_api(), client
        client.force_login(make_staff())

    def rest(self, **page):
        body = {"appid": self.miniprogram.appid, "scene": "rest", **page}
        return self.api.post("/api/v1/codes/", body, format="json").json()["page"]

    def door(self, **page):
        token = self.api.get(f"/api/v1/miniprograms/{self.miniprogram.appid}/access-token/").json()["access_token"]
        body = json.dumps({"scene": "door", **page})
        self.client.generic("POST", f"{UNLIMITED}?access_token={token}", body)
        return IssuedCode.objects.get(scene="door").page

    def older_door(self, **page):
        return self.api.post("/api/qrcode", {"scene": "older", **page}, format="json").json()["page"]

    def of_batch(self, **page):
        return self._order(rows=[{"scene": "b"}], **page)

    def of_row(self, **page):
        return self._order(rows=[{"scene": "b", **page}])

    def of_form(self, **page):
        file = BytesIO(b"scene\nb\n")
        file.name = "a.csv"
        body = {"appid": self.miniprogram.appid, "file": file, **{name: text for name, text in page.items() if text}}
        assert self.api.post("/api/v1/batches/", body, format="multipart").status_code == 201
        return BatchItem.objects.get().page

    def of_table(self, **page):
        cell = page.get("page") or ""
        return self._order(text=f"scene,page\nb,{cell}\n")

    def of_gallery(self, **page):
        form = {"miniprogram": self.miniprogram.appid, "scene": "made", "page": page.get("page") or ""}
        form |= {"kind": "unlimited", "env_version": "release", "check_path": "on", "width": "430", "color": "black"}
        answer = self.client.post("/make/", form)
        assert answer.status_code == 302, answer.text
        return IssuedCode.objects.get(scene="made").page

    def _order(self, **fields):
        answer = self.api.post("/api/v1/batches/", {"appid": self.miniprogram.appid, **fields}, format="json")
        assert answer.status_code == 201, answer.json()
        return BatchItem.objects.get().page


WAYS = ["rest", "door", "older_door", "of_batch", "of_row", "of_form", "of_table", "of_gallery"]


@EACH
@pytest.mark.parametrize("way", WAYS)
def test_a_page_means_the_same_wherever_it_is_sent(sandbox, client, way, default, sent, meant):
    world = World(sandbox, client, default)
    assert getattr(world, way)(page=sent) == meant


@pytest.mark.parametrize("source", ["file", "text", "pattern"])
@pytest.mark.parametrize("kind", ["unlimited", "limited"])
def test_a_new_batch_in_the_gallery_takes_an_empty_page_in_each_of_the_three_ways(sandbox, client, source, kind):
    world = World(sandbox, client, "")
    header, row = ("scene", "a=1") if kind == "unlimited" else ("page", "pages/a?b=1")
    file = BytesIO(f"{header}\n{row}\n".encode())
    file.name = "a.csv"
    rows = {
        "file": {"file": file},
        "text": {"text": f"{header}\n{row}"},
        "pattern": {
            "scene_pattern": "a={n}",
            "variable-0-name": "n",
            "variable-0-first": "1",
            "variable-0-last": "2",
        },
    }
    form = {"miniprogram": world.miniprogram.appid, "source": source, "kind": kind, "page": "", "width": "430"}
    answer = client.post("/batches/new/", form | rows[source] | {"env_version": "release", "color": "black"})
    assert answer.status_code == 200, list(answer.context["form"].errors.items())
    assert answer.context["report"].valid


def test_a_code_for_the_home_page_stays_the_same_code_when_a_default_page_comes(sandbox, client):
    world = World(sandbox, client, "")
    world.rest()
    world.miniprogram.default_page = DEFAULT
    world.miniprogram.save()
    assert world.rest(page="/") == ""
    assert IssuedCode.objects.count() == 1
    assert world.rest() == DEFAULT
    # one like it: blank would be the default page
    page = client.get(f"/make/?like={IssuedCode.objects.get(page='').pk}")
    assert page.context["form"]["page"].value() == "/"


def test_the_default_page_itself_is_no_slash(sandbox, admin_client):
    miniprogram = make_miniprogram(sandbox)
    page = admin_client.get(f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/")
    form = page.context["adminform"].form
    form = type(form)(data={"default_page": "/"}, instance=miniprogram)
    assert form.errors["default_page"]


def test_the_export_of_a_batch_asks_for_the_same_pages_again(sandbox, client):
    world = World(sandbox, client, DEFAULT)
    world.of_row(page="/")
    batch = BatchItem.objects.get().batch
    text = "".join(export_csv(batch, batch.items.all())).lstrip("\ufeff")
    assert next(csv.DictReader(text.splitlines()))["page"] == "/"
    batch.items.update(state="failed")
    assert find_alike(batch)["page"] == "/"
