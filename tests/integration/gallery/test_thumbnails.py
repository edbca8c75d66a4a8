"""Thumbnails: a whole page of cards in less than 500 KB, made once, also after a reissue."""

import io
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from apps.codes import pictures
from apps.gallery.browsing import PAGE_SIZE
from tests.integration.gallery.staff import copy_rows, issue

pytestmark = pytest.mark.django_db
MOST_BYTES = 500_000


def addresses(text, *, is_dense):
    """The thumbnails that a browser asks for, with one pixel of the screen to a pixel of the page or with two."""
    pattern = r'srcset="[^"]* 1x, ([^" ]+) 2x"' if is_dense else r'<img src="(/codes/[^"]+)"'
    return [found.replace("&amp;", "&") for found in re.findall(pattern, text)]


def test_a_page_of_sixty_real_codes_stays_below_500_kb(staff, miniprogram):
    looks = {"label": "Table 7, by the window", "tags": ("hall",)}
    codes = [issue(miniprogram, f"table={number}&from=wall", **looks) for number in range(6)]
    for code in codes:
        copy_rows(code, count=PAGE_SIZE // 6 - 1, name=code.scene)
    page = staff.get("/")
    files = re.findall(r'"/static/([^"?]+\.(?:css|js|svg))"', page.text)
    around = len(page.content) + sum(Path(finders.find(path)).stat().st_size for path in files)
    for is_dense in (False, True):
        thumbnails = [staff.get(address) for address in addresses(page.text, is_dense=is_dense)]
        assert [answer.status_code for answer in thumbnails] == [200] * PAGE_SIZE
        assert around + sum(len(answer.content) for answer in thumbnails) < MOST_BYTES


@pytest.mark.parametrize("look", [{}, {"is_hyaline": True}, {"width": 1280}])
def test_a_thumbnail_is_a_webp_of_a_few_kilobytes(staff, miniprogram, look):
    code = issue(miniprogram, "a=1", **look)
    for width in pictures.THUMBNAILS:
        answer = staff.get(f"/codes/{code.pk}/picture?width={width}")
        picture = Image.open(io.BytesIO(answer.content))
        assert (answer["Content-Type"], picture.format, picture.size) == ("image/webp", "WEBP", (width, width))
        assert (picture.mode == "RGBA") == bool(look.get("is_hyaline"))
        assert len(answer.content) < 9_000


def test_a_thumbnail_is_made_once(staff, miniprogram):
    code = issue(miniprogram, "a=1")
    first = staff.get(f"/codes/{code.pk}/picture?width=160")
    default_storage.delete(code.image)
    assert staff.get(f"/codes/{code.pk}/picture?width=160").content == first.content


def test_a_thumbnail_and_a_saved_copy_of_the_same_width_have_their_own_etags(staff, miniprogram):
    code = issue(miniprogram, "a=1")
    looked_at = staff.get(f"/codes/{code.pk}/picture?width=160")
    saved = staff.get(f"/codes/{code.pk}/picture?width=160&download=1", headers={"If-None-Match": looked_at["ETag"]})
    assert (saved.status_code, saved["Content-Type"]) == (200, "image/jpeg")


def test_a_thumbnail_costs_four_queries(staff, miniprogram):
    code = issue(miniprogram, "a=1")
    staff.get(f"/codes/{code.pk}/picture?width=160")
    with CaptureQueriesContext(connection) as queries:
        assert staff.get(f"/codes/{code.pk}/picture?width=160").status_code == 200
    # the session, its account, the second factor, the code
    assert len(queries) == 4, [each["sql"] for each in queries]
    assert "search_text" not in queries[-1]["sql"]
