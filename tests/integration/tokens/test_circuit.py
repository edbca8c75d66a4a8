"""A dead WeChat: after some failures callers hear so without a call, nothing is spent, and it heals by itself."""

import time

import pytest
from django.urls import reverse

from apps.codes.models import FailedAttempt, IssuedCode, LifetimePool
from apps.coordination import circuit
from apps.coordination.rate_limit import count_permits_this_minute
from apps.tokens import quota, store, trouble
from apps.tokens.models import TokenEvent, Trigger
from apps.tokens.outgoing import client_for, find_left_alone
from apps.tokens.quota import code_permit_pool
from apps.tokens.schedule import refresh_due_tokens
from apps.tokens.services import get_access_token, refresh_token
from apps.wechat.errors import WeChatError, WeChatLeftAlone, WeChatUnreachable
from apps.wechat.types import UnlimitedCode
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
CODE, TOKEN = "/wxa/getwxacodeunlimit", "/cgi-bin/stable_token"
PAUSE = 60.0


@pytest.fixture(autouse=True)
def quick(settings):
    settings.WECHAT_CIRCUIT_FAILURES, settings.WECHAT_CIRCUIT_SECONDS = 3, PAUSE
    for memory in (circuit._open_until, circuit._failing, circuit._asked_at):
        memory.clear()


@pytest.fixture
def miniprogram(sandbox):
    found = make_miniprogram(sandbox)
    get_access_token(found, requested_by="client:shop")
    return found


@pytest.fixture
def ask(miniprogram):
    api, numbers = make_api(), iter(range(10_000))

    def send(**fields):
        given = fields or {"scene": f"t={next(numbers)}"}
        body = {"appid": miniprogram.appid, **given}
        return api.post("/api/v1/codes/", body, format="json")

    return send


def open_by(sandbox, ask, fault="http_502"):
    sandbox.fault(fault, endpoint=CODE)
    return [ask().status_code for _ in range(3)]


def test_a_dead_wechat_is_not_called_and_comes_back_by_itself(sandbox, ask, clock):
    assert open_by(sandbox, ask) == [502] * 3
    before = sandbox.count(CODE)
    for _ in range(10):
        answer = ask()
        assert (answer.status_code, answer.json()["code"]) == (503, "wechat_circuit_open")
        assert answer.json()["advice"] and 1 <= int(answer["Retry-After"]) <= PAUSE
    assert sandbox.count(CODE) == before
    sandbox.clear_faults()
    clock.advance(PAUSE + 1)
    assert [ask().status_code for _ in range(2)] == [201, 201] and find_left_alone() == []


def test_every_way_to_be_dead_opens_it(sandbox, ask, settings):
    found = {}
    for fault, seconds in (("hang", 0.1), ("slow", 0.1), ("reset", 15.0), ("http_500", 15.0), ("http_502", 15.0)):
        settings.WECHAT_CODE_TIMEOUT = seconds
        found[fault] = [*open_by(sandbox, ask, fault), ask().json()["code"]]
        sandbox.clear_faults()
        circuit.close([each.name for each in circuit.find_open()])
    expected = {"hang": 504, "slow": 504, "reset": 502, "http_500": 502, "http_502": 502}
    assert found == {fault: [status] * 3 + ["wechat_circuit_open"] for fault, status in expected.items()}


def test_a_trial_that_fails_is_one_call_per_pause(sandbox, ask, clock):
    open_by(sandbox, ask)
    before = sandbox.count(CODE)
    clock.advance(PAUSE + 1)
    assert [ask().json()["code"] for _ in range(5)] == ["wechat_unreachable"] + ["wechat_circuit_open"] * 4
    assert sandbox.count(CODE) == before + 1


def test_an_errcode_is_an_answer_and_opens_nothing(sandbox):
    api, opened = make_api(), []
    for errcode in (-1, 40097, 45009, 45029, 41030, 48001):
        miniprogram = make_miniprogram(sandbox)
        sandbox.fault("errcode", endpoint=CODE, errcode=errcode, appid=miniprogram.appid)
        answers = [
            api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": f"t={number}"}, format="json").json()
            for number in range(4)
        ]
        opened += [errcode for answer in answers if answer["code"] == "wechat_circuit_open"]
    assert opened == [] and find_left_alone() == []


def test_another_endpoint_and_another_mini_program_are_not_concerned(sandbox, ask):
    sandbox.fault("http_502", endpoint=CODE)
    other = make_miniprogram(sandbox)
    for _ in range(4):
        ask()
    assert ask(kind="limited", path="pages/index/index?a=1").status_code == 201
    sandbox.clear_faults()
    answer = make_api(name="other").post("/api/v1/codes/", {"appid": other.appid, "scene": "a"}, format="json")
    assert answer.status_code == 201


def test_no_permit_and_no_lifetime_code_is_spent_while_it_is_open(sandbox, ask, miniprogram, clock):
    # within one minute, for which permits are counted
    clock.stop()
    open_by(sandbox, ask)
    spent = count_permits_this_minute(code_permit_pool(miniprogram.appid))
    for _ in range(5):
        assert ask().json()["code"] == "wechat_circuit_open"
    assert count_permits_this_minute(code_permit_pool(miniprogram.appid)) == spent
    sandbox.fault("reset", endpoint="/wxa/getwxacode")
    limited = [ask(kind="limited", path=f"pages/index/index?a={n}").json()["code"] for n in range(5)]
    assert limited[:3] == ["wechat_unreachable"] * 3
    assert limited[3:] == ["wechat_circuit_open"] * 2
    # three answers were lost and may have been counted; the two that nobody sent were not
    assert LifetimePool.objects.get(miniprogram=miniprogram).uncertain == 3


def test_a_permit_that_is_refused_gives_the_trial_back(sandbox, ask, miniprogram, clock):
    open_by(sandbox, ask)
    sandbox.clear_faults()
    clock.advance(PAUSE + 1)

    class NoPermit(Exception):
        pass

    client = client_for(miniprogram)
    with pytest.raises(NoPermit), client.ahead_of(CODE):
        raise NoPermit
    assert ask().status_code == 201


def test_it_is_off_at_zero(sandbox, ask, settings):
    settings.WECHAT_CIRCUIT_FAILURES = 0
    sandbox.fault("http_502", endpoint=CODE)
    assert {ask().json()["code"] for _ in range(8)} == {"wechat_unreachable"}


def test_stored_codes_are_served_while_it_is_open(sandbox, ask):
    ask(scene="kept")
    open_by(sandbox, ask)
    assert ask(scene="kept").status_code == 200
    assert IssuedCode.objects.count() == 1 and FailedAttempt.objects.count() == 3


# --- tokens ------------------------------------------------------------------------------------------------


@pytest.fixture
def tokenless(sandbox):
    """A mini-program whose token calls have failed three times in a row."""
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("http_502", endpoint=TOKEN)
    for _ in range(3):
        trouble.clear_trouble(miniprogram.appid)
        with pytest.raises(WeChatUnreachable):
            get_access_token(miniprogram, requested_by="client:shop")
    trouble.clear_trouble(miniprogram.appid)
    return miniprogram


def test_a_caller_without_a_token_is_refused_at_once_and_costs_no_fetch(sandbox, tokenless):
    fetches, events = fetched(tokenless), TokenEvent.objects.count()
    for _ in range(3):
        with pytest.raises(WeChatError) as caught:
            get_access_token(tokenless, requested_by="client:shop")
        assert caught.value.code == "wechat_circuit_open" and caught.value.retry_after >= 1
    assert (fetched(tokenless), TokenEvent.objects.count(), sandbox.count(TOKEN)) == (fetches, events, 3)
    # nobody was asked, so no pause of the refresher's began
    assert trouble.find_trouble(tokenless.appid) is None


@pytest.mark.django_db(transaction=True)
def test_the_schedule_tries_at_its_own_pace_and_opens_the_way_for_all(sandbox, tokenless):
    sandbox.clear_faults()
    store.set_due(tokenless.appid, time.time() - 1)
    assert refresh_due_tokens().refreshed == 1
    assert find_left_alone() == []
    assert get_access_token(tokenless, requested_by="client:shop").value


def test_an_operator_is_never_refused(sandbox, tokenless):
    sandbox.clear_faults()
    assert refresh_token(tokenless, trigger=Trigger.OPERATOR, requested_by="staff").value


@pytest.mark.django_db(transaction=True)
def test_a_saved_mini_program_is_tried_at_once(sandbox, ask, miniprogram):
    open_by(sandbox, ask)
    sandbox.clear_faults()
    miniprogram.save()
    assert ask().status_code == 201


def fetched(miniprogram):
    uses = quota.read_uses({miniprogram.appid: miniprogram.token_mode}, now=time.time())
    return uses[miniprogram.appid].fetches


# --- who sees it -------------------------------------------------------------------------------------------


def test_operators_see_it_on_every_page_that_shows_health(sandbox, ask, miniprogram, admin_client, client, settings):
    open_by(sandbox, ask)
    pages = [
        reverse("admin:index"),
        reverse("token-health"),
        reverse("admin:miniprograms_miniprogram_changelist"),
        reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk]),
    ]
    for page in pages:
        assert CODE in admin_client.get(page).content.decode(), page
    assert client.get("/readyz").json()["wechat"].startswith("1 endpoints left alone for 1 mini-programs")
    settings.METRICS_TOKEN = "a-token-for-prometheus"
    ask()
    said = client.get("/metrics", headers={"authorization": "Bearer a-token-for-prometheus"}).content.decode()
    labels = f'{{appid="{miniprogram.appid}",endpoint="{CODE}"}}'
    assert f"wxcode_circuit_open{labels} 1.0" in said
    assert f"wxcode_calls_spared_total{labels}" in said


def test_without_redis_the_pages_are_served_and_what_is_known_counts(
    sandbox, ask, miniprogram, admin_client, dead_redis
):
    open_by(sandbox, ask)
    ask()
    dead_redis()
    assert admin_client.get(reverse("admin:index")).status_code == 200
    with pytest.raises(WeChatLeftAlone):
        client_for(miniprogram).unlimited_code(access_token="x", code=UnlimitedCode(scene="a"))
