"""A publishable key makes codes for its mini-programs from its pages, and opens nothing else."""

import io
import re

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver

from apps.clients.errors import PublishableKeyRefused
from apps.clients.facts import find_caller, forget_everything
from apps.clients.models import ApiClient
from apps.clients.services import rotate_key
from apps.codes.models import IssuedCode
from tests.integration.clients.conftest import APPID, ORIGIN, bearer
from tests.parts import make_api, make_miniprogram

CODES = "/api/v1/codes/"
PAGE = {"scopes": ["codes:create"], "origins": [ORIGIN], "is_publishable": True}


@pytest.fixture
def _real_addresses(settings):
    settings.ROOT_URLCONF = "wxcode.urls"


@pytest.fixture
def shop(sandbox, _real_addresses):
    return make_miniprogram(sandbox, default_page="pages/index/index")


@pytest.fixture
def key(make, shop):
    return make(**PAGE, appids=[shop.appid])[1]


def ask(client, key, shop, **fields):
    headers = bearer(key) | {"Origin": ORIGIN}
    return client.post(CODES, {"appid": shop.appid, "scene": "a=1"} | fields, "application/json", headers=headers)


def test_a_page_gets_a_code_with_its_picture_and_no_more_than_it_needs(client, key, shop):
    answer = ask(client, key, shop)
    assert answer.status_code == 201
    assert set(answer.json()) == {
        "id",
        "appid",
        "kind",
        "scene",
        "page",
        "media_type",
        "image_width",
        "image_data",
        "is_reused",
    }
    assert answer.json()["image_data"].startswith("data:image/jpeg;base64,")
    assert answer["Access-Control-Allow-Origin"] == ORIGIN


def test_what_others_wrote_about_the_same_code_stays_theirs(client, key, shop):
    other = make_api(name="office")
    other.post(CODES, {"appid": shop.appid, "scene": "a=1", "label": "Table of Ms Li", "tags": ["vip"]}, "json")
    answer = ask(client, key, shop)
    assert (answer.status_code, answer.json()["is_reused"]) == (200, True)
    told = str(answer.json() | {"image_data": "a picture may spell anything"})
    assert "Ms Li" not in told and "vip" not in told and "office" not in told


def test_a_mini_programs_own_requests_are_pages_too(client, make, shop):
    key = make(**PAGE | {"origins": ["https://servicewechat.com"]}, appids=[shop.appid])[1]
    headers = bearer(key) | {"Referer": f"https://servicewechat.com/{APPID}/12/page-frame.html"}
    body = {"appid": shop.appid, "scene": "a=1"}
    assert client.post(CODES, body, "application/json", headers=headers).status_code == 201
    foreign = bearer(key) | {"Referer": "https://servicewechat.com.evil.example/"}
    assert client.post(CODES, body, "application/json", headers=foreign).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}])
def test_outside_its_pages_it_is_refused(client, key, shop, headers):
    answer = client.post(CODES, {"appid": shop.appid, "scene": "a=1"}, headers=bearer(key) | headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


@pytest.mark.parametrize("kind", ["limited", "qrcode"])
def test_it_cannot_spend_the_codes_of_a_lifetime(client, key, shop, kind):
    answer = client.post(
        CODES,
        {"appid": shop.appid, "kind": kind, "path": "pages/index/index?a=1"},
        "application/json",
        headers=bearer(key) | {"Origin": ORIGIN},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "publishable_key_refused")
    assert not IssuedCode.objects.exists()


def test_other_mini_programs_are_not_its_own(client, key, shop):
    answer = ask(client, key, shop, appid="wxfedcba9876543210")
    assert (answer.status_code, answer.json()["code"]) == (403, "miniprogram_not_granted")


def patterns(resolver, prefix=""):
    for entry in resolver.url_patterns:
        route = prefix + re.sub(r"<id:pk>", "1", re.sub(r"<[a-z:_]*appid>", APPID, str(entry.pattern)))
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        elif isinstance(entry, URLPattern) and "<" not in route and "^" not in route:
            yield "/" + route


@pytest.mark.parametrize("method", ["get", "post", "patch", "put", "delete", "head", "options"])
def test_every_other_address_of_the_api_refuses_it(client, key, shop, method):
    paths = [path for path in patterns(get_resolver("wxcode.urls")) if path.startswith("/api/v1/")]
    assert len(paths) > 12
    for path in paths:
        if (path, method) == (CODES, "post"):
            continue
        answer = getattr(client, method)(path, headers=bearer(key) | {"Origin": ORIGIN})
        assert answer.status_code in (403, 405), (method, path, answer.status_code)


@pytest.mark.parametrize("path", ["/api/qrcode", "/api/extend/get/wx/unlimited", "/api/extend/get/wx/token"])
def test_the_older_doors_refuse_it(client, key, shop, path):
    shop.is_default = True
    shop.save()
    headers = bearer(key) | {"Origin": ORIGIN}
    answer = (
        client.get(path, headers=headers) if "token" in path else client.post(path, {"scene": "a"}, headers=headers)
    )
    assert answer.status_code == 403
    assert not IssuedCode.objects.exists()


def test_wechats_token_path_refuses_it(client, key, shop):
    query = {"grant_type": "client_credential", "appid": shop.appid, "secret": key}
    answer = client.get("/wechat/cgi-bin/token", query, headers={"Origin": ORIGIN}).json()
    assert answer["errcode"] == 48001


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": ["codes:create", "tokens:read"]}, "scopes"),
        ({"scopes": ["codes:read"]}, "scopes"),
        ({"origins": []}, "origins"),
        ({"appids": []}, "miniprograms"),
    ],
)
def test_one_that_could_do_more_is_not_made(make, miniprogram, wrong, field):
    with pytest.raises(ValidationError) as refused:
        make(**PAGE | {"appids": [APPID]} | wrong)
    assert set(refused.value.message_dict) == {field}
    assert not ApiClient.objects.exists()


def test_at_use_it_has_no_other_scope_and_no_other_mini_program_whatever_its_row_says(make, miniprogram):
    client, key = make(**PAGE, appids=[APPID])
    ApiClient.objects.update(scopes=["codes:create", "codes:read", "tokens:read"], is_limited=False)
    client.miniprograms.clear()
    forget_everything()
    caller = find_caller(key)
    assert (caller.scopes, caller.appids) == ({"codes:create"}, frozenset())
    with pytest.raises(PublishableKeyRefused):
        caller.refuse_publishable()


def test_its_look_tells_it_from_a_secret_key(make, miniprogram):
    client, key = make(**PAGE, appids=[APPID])
    assert key.startswith("wxp_") and rotate_key(client).startswith("wxp_")
    assert make(name="server")[1].startswith("wxc_")


def run(*words):
    out = io.StringIO()
    call_command("create_client", "web", "--publishable", *words, stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def test_the_command_makes_one(miniprogram):
    caller = find_caller(run("--origin", ORIGIN, "--miniprogram", APPID))
    assert (caller.is_publishable, caller.scopes, caller.origins) == (True, {"codes:create"}, {ORIGIN})


def test_the_command_says_what_is_missing(miniprogram):
    with pytest.raises(CommandError, match="needs the origins.*Choose the mini-programs"):
        run()
    with pytest.raises(CommandError, match="only have the scope codes:create"):
        run("--origin", ORIGIN, "--miniprogram", APPID, "--scope", "tokens:read")


def form(**fields):
    return {"name": "web", "scopes": ["codes:create"], "origins": ORIGIN, "reach": "only"} | fields


def test_the_admin_makes_one_and_says_what_is_missing(operator, miniprogram):
    page = "/admin/clients/apiclient/add/"
    mistakes = operator.post(page, form(is_publishable="on", origins="", scopes=["codes:create", "codes:read"])).text
    for mistake in ("only have the scope codes:create", "needs the origins", "Choose the mini-programs"):
        assert mistake in mistakes
    assert not ApiClient.objects.exists()
    made = operator.post(page, form(is_publishable="on", miniprograms=[miniprogram.pk]))
    assert re.search(r"wxp_[A-Za-z0-9]{52}", made.text) and "put it in the source" in made.text


def test_the_admin_keeps_the_kind_and_its_rules(operator, make, miniprogram):
    client, _key = make(**PAGE, appids=[APPID])
    page = f"/admin/clients/apiclient/{client.pk}/change/"
    assert 'name="is_publishable"' not in operator.get(page).text
    refused = operator.post(page, form(scopes=["tokens:read"], miniprograms=[miniprogram.pk]))
    assert "only have the scope codes:create" in refused.text
    operator.post(page, form(miniprograms=[miniprogram.pk]))
    client.refresh_from_db()
    assert client.is_publishable
