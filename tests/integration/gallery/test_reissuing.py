"""Larger pictures, asked from WeChat anew: what it costs is said before, the earlier picture is kept and shown."""

import io
import re

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from apps.codes.models import EarlierPicture, FailedAttempt, IssuedCode, LifetimePool
from tests.integration.gallery.colleagues import enter
from tests.integration.gallery.staff import issue

pytestmark = pytest.mark.django_db
CODE, LIMITED = "/wxa/getwxacodeunlimit", "/wxa/getwxacode"


@pytest.fixture
def code(miniprogram):
    return issue(miniprogram, "table=7", label="Window")


@pytest.fixture
def limited(miniprogram):
    return issue(miniprogram, "", kind="limited", path="pages/index/index?table=7")


def stored(picture):
    with default_storage.open(picture.image) as file:
        return file.read()


def offered(text):
    """Sizes that WeChat would be asked for."""
    return re.findall(r'<input type="hidden" name="width" value="(\d+)">', text)


def test_smaller_sizes_are_copies_and_larger_ones_are_asked_for(staff, code):
    text = staff.get(f"/codes/{code.pk}/").text
    assert re.findall(r"\?width=(\d+)&amp;download=1", text) == ["280"]
    assert offered(text) == ["860", "1280"]


def test_what_it_costs_is_said_beforehand(staff, code, limited):
    text = staff.get(f"/codes/{code.pk}/").text
    assert "This counts as one of the 5,000 calls a minute" in text
    assert 'name="spend"' not in text
    text = staff.get(f"/codes/{limited.pk}/").text
    assert "This uses up one of the mini-program’s 100,000 lifetime codes" in text
    assert "99,999 are left" in text
    assert 'name="spend"' in text


def test_a_larger_picture_is_the_same_code_with_another_picture(staff, sandbox, code):
    before = stored(code)
    answer = staff.post(f"/codes/{code.pk}/reissue/", {"width": "1280"})
    assert (answer.status_code, answer["Location"]) == (302, f"/codes/{code.pk}/?told=reissued")
    text = staff.get(answer["Location"]).text
    assert "New image created, 1280 px wide." in text
    fresh = IssuedCode.objects.get()
    assert (fresh.pk, fresh.scene, fresh.label, fresh.width, fresh.reissues) == (code.pk, "table=7", "Window", 1280, 1)
    picture = staff.get(f"/codes/{code.pk}/picture?download=1&version=1").content
    assert Image.open(io.BytesIO(picture)).width == 1280
    assert staff.get(f"/codes/{code.pk}/picture?version=0&download=1").content == before
    assert sandbox.count(CODE) == 2
    assert offered(text) == []
    assert re.findall(r"\?width=(\d+)&amp;download=1&amp;version=1", text) == ["280", "430", "860"]


def test_the_search_that_one_came_from_is_not_lost(staff, code):
    answer = staff.post(f"/codes/{code.pk}/reissue/?q=window", {"width": "860"})
    assert answer["Location"] == f"/codes/{code.pk}/?q=window&told=reissued"


def test_earlier_pictures_are_shown_with_their_looks_and_who_replaced_them(staff, code):
    staff.post(f"/codes/{code.pk}/reissue/", {"width": "860"})
    text = staff.get(f"/codes/{code.pk}/").text
    earlier = EarlierPicture.objects.get()
    assert "Previous images" in text
    assert "Replaced by anna" in text
    assert f'src="/codes/{code.pk}/picture?width=160&amp;version=0"' in text
    assert f'href="/codes/{code.pk}/picture?version=0&amp;download=1"' in text
    thumbnail = staff.get(f"/codes/{code.pk}/picture?width=160&version=0")
    assert (thumbnail.status_code, thumbnail["Content-Type"]) == (200, "image/webp")
    download = staff.get(f"/codes/{code.pk}/picture?version=0&download=1")
    assert f'filename="window-{code.pk}-v0.jpg"' in download["Content-Disposition"]
    assert download.content == stored(earlier)


def test_a_code_that_was_never_reissued_shows_no_history(staff, code):
    assert "Previous images" not in staff.get(f"/codes/{code.pk}/").text


def test_a_code_is_drawn_anew_in_the_same_size(staff, sandbox, code):
    staff.post(f"/codes/{code.pk}/reissue/", {})
    fresh = IssuedCode.objects.get()
    assert (fresh.width, fresh.reissues, sandbox.count(CODE)) == (430, 1, 2)


def test_the_bare_address_of_a_reissued_picture_is_asked_for_again(staff, code):
    assert "immutable" in staff.get(f"/codes/{code.pk}/picture")["Cache-Control"]
    staff.post(f"/codes/{code.pk}/reissue/", {"width": "860"})
    assert staff.get(f"/codes/{code.pk}/picture")["Cache-Control"] == "private, no-cache"
    for version in (0, 1):
        assert "immutable" in staff.get(f"/codes/{code.pk}/picture?version={version}")["Cache-Control"]


def test_nothing_of_the_lifetime_pool_is_spent_unless_it_is_confirmed(staff, sandbox, limited):
    answer = staff.post(f"/codes/{limited.pk}/reissue/", {"width": "860"})
    assert answer.status_code == 400
    assert "uses up one of the mini-program’s 100,000" in answer.text
    assert "Tick the confirmation box" in answer.text
    assert (sandbox.count(LIMITED), LifetimePool.objects.get().used) == (1, 1)
    assert staff.post(f"/codes/{limited.pk}/reissue/", {"width": "860", "spend": "1"}).status_code == 302
    assert (sandbox.count(LIMITED), LifetimePool.objects.get().used) == (2, 2)


def test_a_size_that_another_code_has_already_is_a_link_to_that_one(staff, miniprogram, code):
    other = issue(miniprogram, "table=7", width=1280)
    text = staff.get(f"/codes/{code.pk}/").text
    assert offered(text) == ["860"]
    assert f'href="/codes/{other.pk}/" title="An identical code of this size already exists."' in text
    answer = staff.post(f"/codes/{code.pk}/reissue/", {"width": "1280"})
    assert answer.status_code == 409
    assert f"Code {other.pk} has the same scene, page and appearance." in answer.text


@pytest.mark.parametrize("width", ["0", "640", "1281", "x", "²"])
def test_a_size_that_is_not_offered_is_refused(staff, sandbox, code, width):
    answer = staff.post(f"/codes/{code.pk}/reissue/", {"width": width})
    assert answer.status_code == 400
    assert "Use one of 280, 430, 860, 1280." in answer.text
    assert sandbox.count(CODE) == 1


def test_what_wechat_refuses_is_told_on_the_page_and_the_picture_stays(staff, sandbox, code):
    sandbox.fault("busy", endpoint=CODE)
    answer = staff.post(f"/codes/{code.pk}/reissue/", {"width": "860"})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert 'role="alert"' in answer.text
    assert offered(answer.text) == ["860", "1280"]
    assert IssuedCode.objects.get().reissues == 0
    assert FailedAttempt.objects.count() == 1


def test_a_reissue_of_an_unknown_code_is_404(staff, db):
    assert staff.post("/codes/999/reissue/", {"width": "860"}).status_code == 404


def test_the_address_of_a_reissue_leads_back_to_the_code(staff, code):
    assert staff.get(f"/codes/{code.pk}/reissue/")["Location"] == f"/codes/{code.pk}/"


@pytest.mark.parametrize(("version", "status"), [("1", 404), ("x", 400), ("-1", 400), ("9" * 17, 400)])
def test_a_picture_that_never_was_is_explained(staff, code, version, status):
    answer = staff.get(f"/codes/{code.pk}/picture?version={version}&download=1")
    assert answer.status_code == status


def test_it_takes_the_right_to_change_codes_and_not_the_one_to_create_them(miniprogram):
    code = issue(miniprogram, "table=7")
    address = f"/codes/{code.pk}/"
    for right, is_allowed in (("codes.add_issuedcode", False), ("codes.change_issuedcode", True)):
        browser = enter(miniprogram, rights=[right], name=right[6:9])
        assert ("Regenerate image" in browser.get(address).text) == is_allowed, right
        assert browser.post(f"{address}reissue/").status_code == (302 if is_allowed else 403), right
