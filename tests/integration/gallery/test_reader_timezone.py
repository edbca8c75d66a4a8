"""Dates stand in the reader's time zone, in the gallery and in the admin; what programs read knows no cookie."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from apps.accounts.models import SecurityNotice
from apps.codes.models import IssuedCode
from tests.integration.gallery.staff import issue
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 3, 10, 20, 30, tzinfo=UTC)


@pytest.fixture
def code(sandbox):
    found = issue(make_miniprogram(sandbox), "a=1")
    IssuedCode.objects.update(issued_at=MOMENT)
    return found


@pytest.mark.parametrize(
    ("zone", "day", "time"),
    [("", "11", "04:30"), ("America%2FNew_York", "10", "16:30"), ("Nowhere/Such", "11", "04:30")],
)
def test_a_code_was_issued_at_the_readers_time(staff, code, zone, day, time):
    if zone:
        staff.cookies["wxcode_timezone"] = zone
    assert f"2026-03-{day} {time}" in staff.get(f"/codes/{code.pk}/").text
    admin = staff.get(f"/admin/codes/issuedcode/{code.pk}/change/").text
    assert f"2026-03-{day}" in admin


def test_a_notice_has_the_readers_time_on_the_page_of_the_api_as_well(staff):
    user = User.objects.get()
    SecurityNotice.objects.create(user=user, kind=SecurityNotice.Kind.NEW_BROWSER, at=MOMENT)
    staff.cookies["wxcode_timezone"] = "America%2FNew_York"
    for page in ("/batches/", "/api/docs/", "/admin/"):
        assert "2026-03-10 16:30" in staff.get(page).text, page


def test_the_api_answers_the_same_to_every_reader(code):
    api = make_api()
    without = api.get(f"/api/v1/codes/{code.pk}/").json()["issued_at"]
    api.cookies["wxcode_timezone"] = "America/New_York"
    assert api.get(f"/api/v1/codes/{code.pk}/").json()["issued_at"] == without


def test_the_next_request_begins_in_the_zone_of_the_settings(staff, code, client):
    staff.cookies["wxcode_timezone"] = "America/New_York"
    staff.get("/")
    del staff.cookies["wxcode_timezone"]
    assert "2026-03-11 04:30" in staff.get(f"/codes/{code.pk}/").text


def test_the_language_is_switched_in_the_admin_as_well(staff):
    assert 'class="languages"' in staff.get("/admin/").text
    staff.post("/i18n/setlang/", {"language": "zh-hans", "next": "/admin/"})
    assert "管理后台首页" in staff.get("/admin/").text
