"""The paths of older services, for the default mini-program: their answers, their failures, who may knock."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from apps.clients.models import ApiClient
from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.gateway.models import OlderDoor, OpenDoor
from apps.miniprograms.models import MiniProgram
from apps.sandbox.metadata import read_metadata
from apps.tokens.services import get_access_token
from tests.integration.gateway.knocking import UNLIMITED, Door
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
TOKEN, EXTEND, QRCODE, HEALTH = "/api/extend/get/wx/token", "/api/extend/get/wx/unlimited", "/api/qrcode", "/api/health"
PATHS = {"token": TOKEN, "unlimited": EXTEND, "qrcode": QRCODE, "health": HEALTH}
PAGE = "https://shop.example.com"
FAILED = {"err_msg": "获取微信token失败", "err_code": -1}


@pytest.fixture
def shop(sandbox):
    miniprogram = make_miniprogram(sandbox, default_page="pages/index/index")
    miniprogram.is_default = True
    miniprogram.save()
    return miniprogram


@pytest.fixture
def opened(shop):
    for door in OlderDoor.values:
        OpenDoor.objects.create(door=door, networks=["127.0.0.0/8"], origins=[PAGE])
    return shop


def post(client, path, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(path, raw, content_type="application/json", headers=headers)


def knock(client, path, **headers):
    """A request that would succeed if the door lets it in."""
    if path in (TOKEN, HEALTH):
        return client.get(path, headers=headers)
    return post(client, path, {"scene": "a=1"}, **headers)


# --- the answers -------------------------------------------------------------------------------------------------


def test_the_token_is_the_shared_one(client, opened):
    answer = client.get(TOKEN)
    assert answer.json() == {"token": get_access_token(opened, requested_by="test").value}
    assert answer["Cache-Control"] == "no-store"


def test_the_token_of_the_older_door_opens_wechats_paths(client, opened):
    token = client.get(TOKEN).json()["token"]
    answer = Door(client, appid=opened.appid, key="").ask_code(UNLIMITED, token, {"scene": "a"})
    assert answer["Content-Type"] == "image/jpeg"


def test_a_token_that_cannot_be_had_is_told_in_the_old_words(client, opened, sandbox):
    sandbox.fault("ip_not_allowed", endpoint="/cgi-bin/stable_token")
    answer = client.get(TOKEN)
    assert (answer.status_code, answer.json()) == (200, FAILED)


def test_the_unlimited_code_comes_as_base64(client, opened):
    answer = post(client, EXTEND, {"scene": "id=42"})
    facts = answer.json()
    picture = base64.b64decode(facts.pop("buffer"))
    assert facts == {"contentType": "image/jpeg", "errcode": 0, "errmsg": "ok"}
    assert (read_metadata(picture)["scene"], read_metadata(picture)["page"]) == ("id=42", "pages/index/index")


def test_a_failing_unlimited_code_says_why(client, opened):
    for body in ({}, {"scene": ""}, {"scene": "桌"}, {"scene": 42}, [], b"{", b"\xff"):
        answer = post(client, EXTEND, body)
        facts = answer.json()
        assert (answer.status_code, set(facts), facts["err_code"]) == (200, {"err_msg", "err_code"}, -1), body
        assert facts["err_msg"], body


def test_what_wechat_refuses_is_the_reason(client, opened, sandbox):
    sandbox.fault("unpublished_page")
    assert "41030" in post(client, EXTEND, {"scene": "a"}).json()["err_msg"]


def test_the_qrcode_comes_as_a_data_url_of_its_true_type(client, opened):
    answer = post(client, QRCODE, {"scene": "id=42", "page": "pages/detail/detail"})
    facts = answer.json()
    head, _, data = facts.pop("image").partition(",")
    assert (answer.status_code, head) == (200, "data:image/jpeg;base64")
    assert facts == {"success": True, "scene": "id=42", "page": "pages/detail/detail"}
    assert read_metadata(base64.b64decode(data))["page"] == "pages/detail/detail"


def test_without_a_page_the_qrcode_opens_the_default_page(client, opened):
    for page in (None, ""):
        assert post(client, QRCODE, {"scene": "a", "page": page}).json()["page"] == "pages/index/index"


def test_bad_input_for_the_qrcode_is_400(client, opened):
    bodies = [b"{", [], {}, {"scene": ""}, {"scene": "a b"}, {"scene": "a", "page": "/a"}, {"scene": 1}]
    for body in [*bodies, {"scene": "a", "page": 1}]:
        answer = post(client, QRCODE, body)
        facts = answer.json()
        assert (answer.status_code, set(facts), facts["success"]) == (400, {"success", "error"}, False), body
        assert facts["error"], body


def test_a_page_that_wechat_does_not_know_is_bad_input_too(client, opened):
    assert post(client, QRCODE, {"scene": "a", "page": "pages/nowhere"}).status_code == 400


def test_any_other_failure_of_the_qrcode_is_500(client, opened, sandbox):
    sandbox.fault("busy")
    answer = post(client, QRCODE, {"scene": "a"})
    assert (answer.status_code, answer.json()["success"]) == (500, False)


def test_health_says_ok_and_the_time(client, opened, clock):
    clock.stop()
    facts = client.get(HEALTH).json()
    assert (set(facts), facts["status"]) == ({"status", "timestamp"}, "ok")
    assert abs(datetime.fromisoformat(facts["timestamp"]) - datetime.now(UTC)) < timedelta(seconds=1)


@pytest.mark.parametrize(("path", "source"), [(EXTEND, "extend"), (QRCODE, "qrcode")])
def test_every_code_is_in_the_history_with_the_door_as_its_source(client, opened, path, source):
    # whatever its content type says, the body is JSON
    answer = client.post(path, b'{"scene":"a=1"}', content_type="text/plain")
    assert "buffer" in answer.json() or answer.json()["success"]
    code = IssuedCode.objects.get()
    assert (code.door, code.issued_by) == (source, f"door:{source}")


def test_the_wrong_method_is_refused(client, opened):
    assert {path: client.put(path).status_code for path in PATHS.values()} == dict.fromkeys(PATHS.values(), 405)


def test_without_a_default_mini_program_everything_fails_in_the_old_shapes(client, opened):
    MiniProgram.objects.update(is_default=False)
    assert client.get(TOKEN).json() == FAILED
    assert post(client, EXTEND, {"scene": "a"}).json()["err_code"] == -1
    assert post(client, QRCODE, {"scene": "a"}).status_code == 500
    assert client.get(HEALTH).status_code == 200


def test_there_is_one_default_at_most(shop):
    other = make_miniprogram()
    other.is_default = True
    with pytest.raises(ValidationError, match="Clear that one first"):
        other.full_clean()


# --- who may knock -----------------------------------------------------------------------------------------------


def test_nobody_gets_in_without_a_key_by_default(client, shop):
    for path in PATHS.values():
        answer = knock(client, path)
        assert answer.status_code == 401, path
        assert "token" not in answer.json() and not answer.json().get("success"), path


def with_key(scopes, **limits):
    name = f"old page {ApiClient.objects.count() + 1}"
    return {"Authorization": f"Bearer {create_client(name=name, scopes=scopes, **limits)[1]}"}


def test_a_key_with_the_scope_always_works(client, shop):
    scopes = {TOKEN: "tokens:read", EXTEND: "codes:create", QRCODE: "codes:create", HEALTH: "codes:read"}
    for path, scope in scopes.items():
        answer = knock(client, path, **with_key([scope]))
        assert answer.status_code == 200 and answer.json() != FAILED, path


def test_a_code_that_a_key_asked_for_is_its_own(client, shop):
    knock(client, QRCODE, **with_key(["codes:create"]))
    code = IssuedCode.objects.get()
    assert (code.door, code.issued_by, code.client.name) == ("qrcode", "client:old page 1", "old page 1")


def test_a_key_without_the_scope_is_refused_even_at_an_open_door(client, opened):
    for path, scope in ((TOKEN, "codes:create"), (EXTEND, "tokens:read"), (QRCODE, "codes:read")):
        assert knock(client, path, **with_key([scope])).status_code == 403, path


def test_a_key_for_other_mini_programs_is_refused(client, opened):
    other = make_miniprogram()
    headers = with_key(["tokens:read", "codes:create"], appids=[other.appid])
    assert [knock(client, path, **headers).status_code for path in (TOKEN, EXTEND, QRCODE)] == [403] * 3


def test_an_unknown_key_is_refused_even_at_an_open_door(client, opened):
    for path in PATHS.values():
        assert knock(client, path, **{"X-API-Key": "wxc_" + "a" * 52}).status_code == 401, path


def test_each_door_is_a_choice_of_its_own(client, shop):
    for door in OlderDoor.values:
        choice = OpenDoor.objects.create(door=door, networks=["127.0.0.1/32"])
        assert [name for name, path in PATHS.items() if knock(client, path).status_code == 200] == [door]
        choice.delete()


def test_an_address_outside_the_networks_is_refused(client, shop):
    for door in OlderDoor.values:
        OpenDoor.objects.create(door=door, networks=["10.0.0.0/8"])
    for path in PATHS.values():
        assert knock(client, path).status_code == 403, path


def test_closing_a_door_counts_at_once(client, opened):
    assert client.get(TOKEN).status_code == 200
    OpenDoor.objects.get(door="token").delete()
    assert client.get(TOKEN).status_code == 401


def test_behind_a_trusted_proxy_the_client_counts(client, shop, settings):
    OpenDoor.objects.create(door="token", networks=["10.0.0.0/8"])
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    forwarded = ["10.1.2.3", "203.0.113.7", "10.1.2.3, 203.0.113.7"]
    assert [knock(client, TOKEN, **{"X-Forwarded-For": hops}).status_code for hops in forwarded] == [200, 403, 403]


def test_behind_a_proxy_that_nobody_trusts_an_open_door_stays_shut(client, opened):
    """Otherwise a proxy on this machine would let the world in as 127.0.0.1."""
    assert knock(client, TOKEN, **{"X-Forwarded-For": "127.0.0.1"}).status_code == 403


# --- pages -------------------------------------------------------------------------------------------------------

ALLOWED = "Access-Control-Allow-Origin"


def test_a_listed_page_reads_the_answer(client, opened):
    for path in PATHS.values():
        answer = knock(client, path, Origin=PAGE)
        assert (answer.status_code, answer[ALLOWED]) == (200, PAGE), path


def test_any_other_page_is_refused_and_reads_nothing(client, opened):
    for path in PATHS.values():
        for origin in ("https://evil.example.com", "null", "http://shop.example.com"):
            answer = knock(client, path, Origin=origin)
            assert answer.status_code == 403 and ALLOWED not in answer, (path, origin)


def test_a_preflight_is_answered_as_the_choice_says(client, opened):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for origin, allowed in ((PAGE, PAGE), ("https://evil.example.com", None)):
        assert client.options(QRCODE, headers=asked | {"Origin": origin}).get(ALLOWED) == allowed


def test_pages_of_the_service_itself_need_no_listing(client, opened):
    assert knock(client, QRCODE, Origin="http://testserver").status_code == 200


def test_a_page_listed_for_one_door_reads_no_other(client, shop):
    OpenDoor.objects.create(door="qrcode", networks=["127.0.0.0/8"], origins=[PAGE])
    OpenDoor.objects.create(door="token", networks=["127.0.0.0/8"])
    assert ALLOWED not in knock(client, TOKEN, Origin=PAGE)


def test_every_port_of_this_machine_can_be_listed(client, shop):
    OpenDoor.objects.create(door="qrcode", networks=["127.0.0.0/8"], origins=["http://localhost:*"])
    origins = ["http://localhost", "http://localhost:5173", "http://localhost.evil.com", "https://localhost:1"]
    assert [knock(client, QRCODE, Origin=origin).status_code for origin in origins] == [200, 200, 403, 403]


def test_a_page_whose_origin_is_hidden_is_told_so(client, shop):
    OpenDoor.objects.create(door="qrcode", networks=["127.0.0.0/8"], origins=[PAGE])
    assert "Origin: null" in knock(client, QRCODE, Origin="null").content.decode()


# --- what an operator may choose ---------------------------------------------------------------------------------


def test_the_door_for_tokens_is_never_open_to_the_world():
    too_large = ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/2", "8.0.0.0/8", "2000::/3", "::ffff:0:0/96"]
    for network in too_large:
        OpenDoor(door="qrcode", networks=[network]).full_clean()
        with pytest.raises(ValidationError, match="too large"):
            OpenDoor(door="token", networks=[network]).full_clean()
    for network in ("10.0.0.0/8", "127.0.0.0/8", "fc00::/7", "203.0.113.0/24", "8.8.0.0/16", "8.8.8.8/32"):
        OpenDoor(door="token", networks=[network]).full_clean()


def test_what_is_no_origin_cannot_be_listed():
    for origin in ("*", "shop.example.com", "https://shop.example.com:*", "https://a/b"):
        with pytest.raises(ValidationError):
            OpenDoor(door="qrcode", origins=[origin]).full_clean()


def change_page(door):
    return f"/admin/gateway/opendoor/{OpenDoor.objects.get(door=door).pk}/change/"


def test_the_admin_has_a_row_for_each_door_and_no_other(admin_client):
    for _ in range(2):
        page = admin_client.get("/admin/gateway/opendoor/").text
        assert OpenDoor.objects.count() == len(OlderDoor.values) == page.count("API key required")
    assert "needs an API key, unless it comes from a network that is listed here" in page
    assert admin_client.get("/admin/gateway/opendoor/add/").status_code == 403
    door = change_page("token")
    assert admin_client.post(door.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert "GET /api/extend/get/wx/token" in admin_client.get(door).text


def test_a_row_that_nobody_filled_opens_nothing(client, admin_client, shop):
    admin_client.get("/admin/gateway/opendoor/")
    assert client.get(TOKEN).status_code == 401


def test_the_admin_opens_a_door(client, admin_client, shop):
    admin_client.get("/admin/gateway/opendoor/")
    form = {"networks": "127.0.0.0/8\n10.1.0.0/16", "origins": f"{PAGE}/", "notes": ""}
    assert admin_client.post(change_page("token"), form).status_code == 302
    door = OpenDoor.objects.get(door="token")
    assert (door.networks, door.origins) == (["127.0.0.0/8", "10.1.0.0/16"], [PAGE])
    assert client.get(TOKEN).status_code == 200
    assert "open to 127.0.0.0/8, 10.1.0.0/16" in admin_client.get("/admin/gateway/opendoor/").content.decode()


def test_the_admin_does_not_open_the_door_for_tokens_to_the_world(admin_client):
    door = OpenDoor.objects.create(door="token")
    page = admin_client.post(change_page("token"), {"networks": "0.0.0.0/0", "origins": "", "notes": ""})
    assert page.status_code == 200 and "too large" in page.content.decode()
    door.refresh_from_db()
    assert door.networks == []


def test_a_key_that_asks_too_often_hears_429_in_the_doors_own_shape(client, shop):
    key = create_client(name="limited", scopes=["tokens:read", "codes:create"], rate_limit=1)[1]
    client.get(TOKEN, headers={"X-API-Key": key})
    refused = client.get(TOKEN, headers={"X-API-Key": key})
    assert (refused.status_code, refused.json()) == (429, FAILED)
    assert 0 < int(refused["Retry-After"]) <= 60
    answer = post(client, QRCODE, {"scene": "a=1"}, **{"X-API-Key": key})
    assert (answer.status_code, answer.json()["success"]) == (429, False)
