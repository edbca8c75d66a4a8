"""The page of the API's documentation, for strangers and for staff: its frame, and the appid of its examples."""

import re

import pytest
from django.contrib.auth.models import Group

from tests.integration.gallery.staff import make_staff
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


def test_it_loads_nothing_from_elsewhere(client):
    page = client.get("/api/docs/").text
    assert len(re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="', page)) >= 6
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?!/static/)[^"]*"', page)


def test_a_stranger_reads_it_and_is_offered_the_login(client):
    page = client.get("/api/docs/", headers={"accept-language": "zh-CN"})
    assert page.status_code == 200 and page["Cache-Control"] == "private, no-cache"
    assert 'href="/login/?next=/api/docs/"' in page.text and 'data-appid=""' in page.text
    assert "<h1>API 文档</h1>" in page.text
    assert "/batches/" not in page.text and "/logout/" not in page.text


def test_staff_keep_their_navigation_and_see_an_appid_of_theirs(client, sandbox):
    make_miniprogram(appid="wx0000000000000001", name="Not theirs")
    theirs = make_miniprogram(appid="wx0000000000000002", name="Theirs")
    group = Group.objects.create(name="Hall")
    theirs.groups.add(group)
    staff = make_staff(is_superuser=False)
    client.force_login(staff)
    assert 'data-appid=""' in client.get("/api/docs/").text
    staff.groups.add(group)
    page = client.get("/api/docs/").text
    assert 'data-appid="wx0000000000000002"' in page
    assert 'href="/batches/"' in page and 'href="/api/docs/" aria-current="page"' in page and "/logout/" in page


def test_an_account_that_is_not_staff_gets_neither(client, sandbox):
    make_miniprogram(appid="wx0000000000000001")
    client.force_login(make_staff(is_staff=False, is_superuser=False))
    page = client.get("/api/docs/").text
    assert 'data-appid=""' in page and "/batches/" not in page and "/logout/" in page
