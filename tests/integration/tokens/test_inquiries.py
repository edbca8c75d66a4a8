"""Operators look up a rid and the live quota with a button; no token is on the page."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from apps.codes.models import FailedAttempt
from apps.tokens.models import TokenEvent
from apps.tokens.services import get_access_token
from tests.parts import make_api, make_miniprogram

CODE = "/wxa/getwxacodeunlimit"
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(sandbox):
    return make_miniprogram(sandbox, default_page="pages/index/index")


@pytest.fixture
def attempt(shop):
    body = {"appid": shop.appid, "scene": "a=1", "page": "pages/nowhere/nowhere"}
    assert make_api().post("/api/v1/codes/", body, "json").status_code == 422
    return FailedAttempt.objects.get()


def button(row, name="look_up_rid"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_actions", args=[row.pk, name])


def page(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_a_failed_attempt_is_looked_up_at_wechat(operator, shop, attempt):
    assert button(attempt) in operator.get(page(attempt)).text
    answer = operator.post(button(attempt))
    assert attempt.rid in answer.text and "pages/nowhere/nowhere" in answer.text and "41030" in answer.text
    assert get_access_token(shop, requested_by="test").value not in answer.text
    assert "no-store" in answer["Cache-Control"]


def test_a_rid_that_wechat_forgot_says_what_to_do(operator, sandbox, attempt):
    FailedAttempt.objects.update(rid="00000001-00000000-00000000")
    text = operator.post(button(attempt)).text
    assert "seven days" in text and "[removed]" not in text


def test_a_token_event_is_looked_up_too(operator, sandbox, shop):
    get_access_token(shop, requested_by="test")
    event = TokenEvent.objects.get()
    assert button(event) not in operator.get(page(event)).text
    TokenEvent.objects.update(rid="00000001-00000000-00000000", errcode=40125)
    assert button(event) in operator.get(page(event)).text
    assert "seven days" in operator.post(button(event)).text


def test_it_is_a_post_of_those_who_may_change_mini_programs(client, settings, attempt):
    settings.WHITENOISE_AUTOREFRESH = True
    viewer = User.objects.create(username="viewer", is_staff=True)
    viewer.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_failedattempt", "view_miniprogram", "see_every_miniprogram"])
    )
    client.force_login(viewer)
    assert button(attempt) not in client.get(page(attempt)).text
    assert client.post(button(attempt)).status_code == 403
    assert client.post(button(attempt.miniprogram, "live_quota")).status_code == 403
    assert client.get(button(attempt)).status_code == 405


def test_the_live_quota_shows_every_endpoint(operator, shop):
    make_api().post("/api/v1/codes/", {"appid": shop.appid, "scene": "a=1"}, "json")
    text = operator.post(button(shop, "live_quota")).text
    for shown in ("/cgi-bin/stable_token", CODE, "/wxa/getwxacode", "createwxaqrcode", "5000 calls in 60 s", "sandbox"):
        assert shown in text.replace("5,000", "5000")


def test_what_wechat_refuses_to_tell_has_its_cure(operator, sandbox, shop):
    sandbox.fault("errcode", endpoint="/cgi-bin/openapi/quota/get", errcode=48001)
    text = operator.post(button(shop, "live_quota")).text
    assert text.count("48001") >= 4 or text.count("<strong>") >= 4
