"""wechatpy itself, moved in as its guide says, over real HTTP."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image
from wechatpy.exceptions import APILimitedException, WeChatClientException

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.sandbox.metadata import read_metadata
from apps.tokens.doubt import PROBE_GAP_SECONDS
from apps.tokens.models import Trigger
from apps.tokens.services import get_access_token, refresh_token, replace_rejected_token
from tests.integration.gateway.moving_in import guide_client
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)
PROBE, CLASSIC, STABLE = "/cgi-bin/get_api_domain_ip", "/cgi-bin/token", "/cgi-bin/stable_token"


ONE_MODE = pytest.mark.parametrize("mode", ["stable"], indirect=True)


@pytest.fixture(params=["stable", "classic"])
def mode(request):
    return request.param


@pytest.fixture
def miniprogram(sandbox, mode):
    return make_miniprogram(sandbox, token_mode=mode)


@pytest.fixture
def upstream(mode):
    return STABLE if mode == "stable" else CLASSIC


@pytest.fixture
def make_sdk(live_server, miniprogram):
    """`make_sdk()`: one more process' worth of wechatpy, with a cache of its own."""
    _client, key = create_client(name="wechatpy", scopes=["tokens:read"])
    made = []

    def make(secret=key):
        made.append(guide_client(live_server.url)(miniprogram.appid, secret))
        return made[-1]

    yield make
    for sdk in made:
        sdk._http.close()


@pytest.fixture
def sdk(make_sdk):
    return make_sdk()


def call_wechat(sdk, sandbox):
    """Any other API, at WeChat itself."""
    return sdk.get(f"{sandbox.url}{PROBE}")["ip_list"]


@ONE_MODE
def test_a_token_and_all_three_codes_come_through_the_doors(sdk, miniprogram):
    assert sdk.access_token == get_access_token(miniprogram, requested_by="test").value
    pictures = [
        sdk.wxa.get_wxa_code_unlimited("table=7", page="pages/index/index"),
        sdk.wxa.get_wxa_code("pages/index/index?table=7", is_hyaline=True),
        sdk.wxa.create_qrcode("pages/index/index?table=7"),
    ]
    assert [picture.headers["Content-Type"] for picture in pictures] == ["image/jpeg", "image/png", "image/jpeg"]
    assert [Image.open(BytesIO(picture.content)).size for picture in pictures] == [(430, 430)] * 3
    assert read_metadata(pictures[0].content)["scene"] == "table=7"
    assert [code.door for code in IssuedCode.objects.all()] == ["wechat"] * 3


@ONE_MODE
def test_it_sends_no_content_type_and_colours_as_strings(sdk):
    picture = sdk.wxa.get_wxa_code_unlimited("a=1", line_color={"r": "1", "g": "2", "b": "3"})
    assert "Content-Type" not in picture.request.headers
    assert b'"r": "1"' in picture.request.body
    assert IssuedCode.objects.get().line_color == "#010203"


@ONE_MODE
def test_a_refusal_is_its_own_exception_with_a_rid(sdk):
    with pytest.raises(WeChatClientException) as refused:
        sdk.wxa.get_wxa_code_unlimited("a b")
    assert refused.value.errcode == 40129
    assert " rid: " in refused.value.errmsg


@ONE_MODE
def test_a_used_up_quota_is_its_own_exception(sdk, sandbox):
    sandbox.fault("quota", endpoint="/wxa/getwxacodeunlimit")
    with pytest.raises(APILimitedException):
        sdk.wxa.get_wxa_code_unlimited("a")


@ONE_MODE
def test_a_wrong_key_is_a_wrong_secret(make_sdk):
    with pytest.raises(WeChatClientException) as refused:
        make_sdk("wxc_" + "a" * 52).fetch_access_token()
    assert refused.value.errcode == 40125


def test_a_stolen_token_is_recovered_by_its_own_retry_with_one_fetch(sdk, sandbox, miniprogram, mode, upstream):
    first = sdk.access_token
    sandbox.steal(miniprogram.appid, mode), sandbox.steal(miniprogram.appid, mode)
    fetched = sandbox.count(upstream)
    assert call_wechat(sdk, sandbox)
    assert sdk.access_token != first
    assert sandbox.count(upstream) == fetched + 1
    # refused, then tried by wxcode, then repeated by wechatpy
    assert sandbox.count(PROBE) == 3


def test_a_false_alarm_costs_no_fetch(sdk, sandbox, upstream):
    first = sdk.access_token
    sandbox.fault("invalid_token", endpoint=PROBE, times=1)
    assert call_wechat(sdk, sandbox)
    assert sdk.access_token == first
    assert sandbox.count(upstream) == 1


def test_five_that_notice_the_theft_together_cost_one_fetch(make_sdk, sandbox, miniprogram, mode, upstream, clock):
    sdks = [make_sdk() for _ in range(5)]
    tokens = {sdk.access_token for sdk in sdks}
    # the first to ask again was tried and found good
    clock.advance(PROBE_GAP_SECONDS)
    sandbox.steal(miniprogram.appid, mode), sandbox.steal(miniprogram.appid, mode)
    fetched = sandbox.count(upstream)
    with ThreadPoolExecutor(5) as threads:
        assert all(threads.map(lambda sdk: call_wechat(sdk, sandbox), sdks))
    assert not tokens & {sdk.access_token for sdk in sdks}
    assert sandbox.count(upstream) == fetched + 1


def test_a_token_that_others_found_dead_is_40001_at_the_door_and_recovered_without_a_fetch(
    sdk, sandbox, miniprogram, upstream
):
    first = sdk.access_token
    replaced = replace_rejected_token(miniprogram, rejected=first, requested_by="test").value
    fetched = sandbox.count(upstream)
    assert sdk.wxa.get_wxa_code_unlimited("a").content.startswith(b"\xff\xd8\xff")
    assert sdk.access_token == replaced
    assert sandbox.count(upstream) == fetched


def test_a_refresh_ahead_of_time_is_not_noticed(sdk, sandbox, miniprogram, upstream):
    first = sdk.access_token
    refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test")
    assert call_wechat(sdk, sandbox)
    assert sdk.wxa.get_wxa_code_unlimited("a").content
    assert sdk.access_token == first
    assert sandbox.count(upstream) == 2


def test_an_api_that_rejects_every_token_ends_in_an_exception_not_in_a_loop(sdk, sandbox, upstream):
    sandbox.fault("invalid_token", endpoint="/wxa/getwxacodeunlimit")
    with pytest.raises(WeChatClientException) as refused:
        sdk.wxa.get_wxa_code_unlimited("a")
    assert refused.value.errcode == -1
    assert sandbox.count("/wxa/getwxacodeunlimit") == 2
