"""One code: every parameter, what to copy, its neighbours, its picture."""

import io
import re

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from apps.batches.models import BatchItem
from apps.batches.ordering import BatchOrder, create_batch
from apps.codes.models import IssuedCode
from apps.wechat.types import LineColor
from tests.integration.batches.conftest import source_of
from tests.integration.gallery.staff import issue
from tests.parts import ISSUER

pytestmark = pytest.mark.django_db


def stored(code):
    with default_storage.open(code.image) as file:
        return file.read()


@pytest.fixture
def code(miniprogram):
    return issue(miniprogram, "t=7&x='1'", label="Window", line_color=LineColor(11, 122, 69), external_id="till-7")


def test_every_parameter_is_shown(staff, code):
    text = staff.get(f"/codes/{code.pk}/").text
    for fact in ("t=7&amp;x=&#x27;1&#x27;", "Window", code.miniprogram.appid, "#0b7a45", "430 px", "till-7", "release"):
        assert fact in text


def test_what_is_copied_fits_the_code(staff, code):
    text = staff.get(f"/codes/{code.pk}/").text
    assert f"http://testserver/api/v1/codes/{code.pk}/image" in text
    assert "decodeURIComponent(query.scene || &#x27;&#x27;)" in text
    assert "t%3D7%26x%3D%271%27" in text


def test_a_code_without_a_scene_shows_nothing_about_scenes(staff, code):
    IssuedCode.objects.update(scene="", kind="limited", page="pages/index/index?table=7")
    text = staff.get(f"/codes/{code.pk}/").text
    assert 'alt="Mini-program code for the page pages/index/index?table=7"' in text
    assert "query[&quot;table&quot;] // &quot;7&quot;" in text
    for absent in ("decodeURIComponent", 'id="scene"', "Page check"):
        assert absent not in text


def test_a_path_without_parameters_has_no_lines_for_the_mini_program(staff, code):
    IssuedCode.objects.update(scene="", kind="qrcode", page="pages/index/index")
    text = staff.get(f"/codes/{code.pk}/").text
    for absent in ("In the mini-program", "Line colour", "Background"):
        assert absent not in text


@pytest.mark.both_databases
def test_a_code_leads_to_its_neighbours(staff, miniprogram):
    oldest, middle, newest = (issue(miniprogram, f"a={number}") for number in range(3))
    text = staff.get(f"/codes/{middle.pk}/").text
    assert f'href="/codes/{newest.pk}/" data-key="ArrowLeft"' in text
    assert f'href="/codes/{oldest.pk}/" data-key="ArrowRight"' in text
    assert 'data-key="ArrowRight"' not in staff.get(f"/codes/{oldest.pk}/").text
    assert 'data-key="ArrowLeft"' not in staff.get(f"/codes/{newest.pk}/").text


@pytest.mark.both_databases
def test_neighbours_are_those_of_the_search_and_the_way_back_leads_to_it(staff, miniprogram):
    oldest, middle, newest = (issue(miniprogram, f"a={number}", label="hall") for number in range(3))
    for code in (oldest, newest):
        issue(miniprogram, f"b={code.pk}", env_version="trial", label="hall")
    trials = list(IssuedCode.objects.filter(env_version="trial").order_by("pk"))
    text = staff.get(f"/codes/{trials[1].pk}/?q=hall&env_version=trial").text
    assert f'href="/codes/{trials[0].pk}/?q=hall&amp;env_version=trial" data-key="ArrowRight"' in text
    assert 'data-key="ArrowLeft"' not in text
    assert '<a href="/?q=hall&amp;env_version=trial" data-search>Back to the search</a>' in text


def test_what_is_known_leads_to_codes_that_have_the_same(staff, miniprogram):
    code = issue(miniprogram, "a=1", tags=("hall & roof",))
    text = staff.get(f"/codes/{code.pk}/").text
    for address in (
        f"/?miniprogram={miniprogram.appid}",
        f"/?miniprogram={miniprogram.appid}&amp;page=pages%2Findex%2Findex",
        "/?tag=hall%20%26%20roof",
        "/?issuer=staff%3Aanna",
    ):
        assert f'href="{address}"' in text
        assert f'<h2><a href="/codes/{code.pk}/?' in staff.get(address.replace("&amp;", "&")).text


def test_only_smaller_copies_than_the_picture_are_offered(staff, miniprogram):
    text = staff.get(f"/codes/{issue(miniprogram, 'a=1').pk}/").text
    assert "?width=280&amp;download=1" in text
    assert "?width=430" not in text


def test_an_unknown_code_is_a_page_with_404(staff, db):
    answer = staff.get("/codes/999/")
    assert answer.status_code == 404
    assert "There is no code 999." in answer.text


def test_the_page_takes_a_fixed_number_of_queries(staff, code):
    with CaptureQueriesContext(connection) as queries:
        staff.get(f"/codes/{code.pk}/")
    # session, account, whether it has a second factor, its rights and its notices are five of them
    assert len(queries) <= 12


def test_the_download_is_the_stored_picture(staff, code):
    answer = staff.get(f"/codes/{code.pk}/picture?download=1")
    assert answer.content == stored(code)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == f'attachment; filename="window-{code.pk}.jpg"'


def test_a_smaller_copy_has_the_asked_width_and_its_own_name(staff, code):
    answer = staff.get(f"/codes/{code.pk}/picture?width=160&download=1")
    assert Image.open(io.BytesIO(answer.content)).width == 160
    assert f'window-{code.pk}-160.jpg"' in answer["Content-Disposition"]


def test_a_transparent_code_downloads_as_png(staff, miniprogram):
    code = issue(miniprogram, "a=1", is_hyaline=True)
    answer = staff.get(f"/codes/{code.pk}/picture?download=1")
    assert (answer["Content-Type"], answer.content[:4]) == ("image/png", b"\x89PNG")


def test_a_picture_is_kept_by_the_browser_for_good(staff, code):
    answer = staff.get(f"/codes/{code.pk}/picture?width=160")
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    again = staff.get(f"/codes/{code.pk}/picture?width=160", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert staff.get(f"/codes/{code.pk}/picture", headers={"If-None-Match": answer["ETag"]}).status_code == 200


@pytest.mark.parametrize("width", ["0", "161", "-1", "x", "9" * 30])
def test_a_width_that_is_not_kept_is_refused(staff, code, width):
    answer = staff.get(f"/codes/{code.pk}/picture?width={width}&download=1")
    assert answer.status_code == 400
    assert "No image of this width is available." in answer.text


def test_a_lost_picture_is_drawn_as_lost_and_not_kept(staff, code):
    default_storage.delete(code.image)
    answer = staff.get(f"/codes/{code.pk}/picture")
    assert (answer.status_code, answer["Content-Type"]) == (404, "image/svg+xml")
    assert "immutable" not in answer["Cache-Control"]
    download = staff.get(f"/codes/{code.pk}/picture?download=1")
    assert download.status_code == 404
    assert "restore the media storage" in download.text


@pytest.mark.both_databases
def test_a_code_names_its_batch_and_row(staff, miniprogram, code):
    rows = [{"scene": f"t={number}"} for number in range(1, 4)]
    order = {"source": source_of(*rows), "issuer": ISSUER}
    batch, again = (create_batch(BatchOrder(miniprogram, name=name, **order))[0] for name in ("Tables", "Again"))
    for each in (again, batch):
        each.items.filter(row=2).update(code=code, is_reused=each == again)
    text = " ".join(staff.get(f"/codes/{code.pk}/").text.split())
    first = f'<dt>Batch</dt><dd><a href="/batches/{batch.pk}/">Tables</a>, row 2'
    assert first in text and f'href="/?batch={batch.pk}"' in text
    assert text.index(first) < text.index(f'<a href="/batches/{again.pk}/">Again</a>, row 2')


def test_the_batch_of_a_code_is_found_by_an_index(code):
    """There may be a million rows."""
    items = BatchItem.objects.filter(code=code).order_by("is_reused", "pk")[:3]
    assert "code_id" in items.explain() and "SCAN" not in items.explain()


def test_what_was_done_can_be_undone_at_once(staff, code):
    address = staff.post(f"/codes/{code.pk}/archive/")["Location"]
    text = staff.get(address).text
    assert re.search(rf'class="notice told".*?<form action="/codes/{code.pk}/restore/".*?>Undo<', text, re.DOTALL)
    address = staff.post(f"/codes/{code.pk}/restore/")["Location"]
    text = staff.get(address).text
    assert re.search(rf'class="notice told".*?<form action="/codes/{code.pk}/archive/".*?>Undo<', text, re.DOTALL)


def test_a_page_that_is_not_there_says_so_once(staff):
    text = staff.get("/codes/999/").text
    assert text.partition("<body")[2].count("Not found") == 1
    assert "<h1>Not found</h1>" in text


def test_the_admin_shows_the_image_and_the_tags_and_leads_to_the_gallery(staff, miniprogram):
    code = issue(miniprogram, "table=7", label="Window", tags=["hall", "2026"])
    text = staff.get(f"/admin/codes/issuedcode/{code.pk}/change/").text
    assert f'<img src="/api/v1/codes/{code.pk}/image?version=0" width="215" alt="Window">' in text
    assert '<div class="readonly">2026, hall</div>' in text
    assert re.search(rf'<a href="/codes/{code.pk}/"[^>]*>\s*Open in the gallery', text)
