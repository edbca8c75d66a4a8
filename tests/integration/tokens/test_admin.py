"""Operators see every token's health and act on it by buttons, asked where it matters; a token is on no page."""

import re
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from apps.miniprograms.models import MiniProgram
from apps.tokens import quota, trouble
from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.refreshing import MiniProgramInactive
from apps.tokens.services import get_access_token, replace_rejected_token
from apps.wechat.errcodes import find_errcode
from apps.wechat.errors import CredentialProblem
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db

LIST = "/admin/miniprograms/miniprogram/"
HEALTH = "/admin/tokens/health/"
EVENTS = "/admin/tokens/tokenevent/"
STABLE, TOKEN, PROBE = "/cgi-bin/stable_token", "/cgi-bin/token", "/cgi-bin/get_api_domain_ip"
QUESTIONS = {"pause_refresh": "Pause token refresh for Shop?", "clear_quota": "Reset today’s API quotas of Shop?"}
CLASSIC_QUESTIONS = {
    "refresh_now": "Refresh the token of Shop now?",
    "verify_credentials": "Verify the credentials of Shop?",
}
BUTTONS = ["refresh_now", "verify_credentials", "pause_refresh", "resume_refresh", "clear_quota"]


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="client:shop")


def page(miniprogram):
    return reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk])


def tool(miniprogram, name):
    return reverse("admin:miniprograms_miniprogram_actions", args=[miniprogram.pk, name])


def press(operator, miniprogram, name, *, asks=False):
    """Press the button, and that of the page that asks; the page that follows."""
    answer = operator.post(tool(miniprogram, name), follow=True)
    assert ('name="confirmed"' in answer.text) == asks
    return operator.post(tool(miniprogram, name), {"confirmed": "yes"}, follow=True) if asks else answer


def test_the_list_shows_state_time_left_refresher_and_quota(operator, sandbox):
    get(make_miniprogram(sandbox, token_mode="classic"))
    text = operator.get(LIST).text
    assert "fresh" in text and "1 h 59 min left" in text
    assert "client:shop (no token available)" in text
    assert "1 of 2,000 fetches" in text and "0 of 5,000 code calls this minute" in text


def test_a_failure_shows_its_cure_in_the_language_of_the_reader(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("ip_not_allowed")
    with pytest.raises(CredentialProblem):
        get(miniprogram)
    known = find_errcode(40164)
    for address in (LIST, page(miniprogram), HEALTH):
        english = operator.get(address).text
        assert "action needed" in english and escape(known.cure_en) in english
        assert escape(known.cure_zh) in operator.get(address, headers={"Accept-Language": "zh-hans"}).text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_address_that_is_not_allowed_is_shown(operator, sandbox, language):
    miniprogram = make_miniprogram(sandbox, secret="the secret")
    sandbox.register(miniprogram.appid, "the secret", allowed_ips=["10.9.8.7"])
    with pytest.raises(CredentialProblem):
        get(miniprogram)
    for address in (LIST, page(miniprogram), HEALTH, EVENTS):
        assert "127.0.0.1" in operator.get(address, headers={"Accept-Language": language}).text


def test_a_list_of_many_costs_as_much_as_a_list_of_one(operator, sandbox, redis_client):
    get(make_miniprogram(sandbox))
    operator.get(LIST)
    for address in (LIST, HEALTH):
        with CaptureQueriesContext(connection) as few:
            operator.get(address)
        while MiniProgram.objects.count() < 8:
            get(make_miniprogram(sandbox))
        with CaptureQueriesContext(connection) as many:
            operator.get(address)
        assert len(many) == len(few)
        MiniProgram.objects.exclude(pk=MiniProgram.objects.first().pk).delete()


def test_the_panel_shows_when_the_next_refresh_comes_and_what_happened(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    text = operator.get(page(miniprogram)).text
    assert "Next refresh" in text and "new token" in text
    assert f"{EVENTS}?miniprogram__id__exact={miniprogram.pk}" in text


def test_both_modes_are_explained_where_they_are_chosen(operator):
    text = operator.get(page(make_miniprogram())).text
    assert "so none of them can invalidate it" in text and "must be the only system that fetches it" in text


def test_no_page_shows_a_token_or_a_secret(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, secret="0123456789abcdef0123456789abcdef")
    token = get(miniprogram)
    press(operator, miniprogram, "refresh_now")
    verified = press(operator, miniprogram, "verify_credentials").text
    for text in (verified, *(operator.get(each).text for each in (LIST, HEALTH, EVENTS, page(miniprogram)))):
        assert token.value not in text and "0123456789abcdef0123456789abcdef" not in text


# --- buttons -----------------------------------------------------------------------------------------------


def test_a_button_needs_a_post_and_its_csrf_token(operator):
    miniprogram = make_miniprogram()
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(User.objects.get())
    for name in BUTTONS:
        assert operator.get(tool(miniprogram, name)).status_code == 405, name
        assert careful.post(tool(miniprogram, name), {"confirmed": "yes"}).status_code == 403, name


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_what_has_a_consequence_asks_by_name_before_it_acts(operator, sandbox, mode):
    miniprogram = make_miniprogram(sandbox, name="Shop", token_mode=mode)
    for name, question in (QUESTIONS if mode == "stable" else QUESTIONS | CLASSIC_QUESTIONS).items():
        page = operator.post(tool(miniprogram, name)).text
        assert f"<h1>{question}</h1>" in page and 'name="confirmed"' in page, name
        assert not sandbox.calls()["endpoints"] and not TokenEvent.objects.exists(), name


def test_the_button_repeats_the_verb_and_is_red_where_it_stops_something(operator):
    miniprogram = make_miniprogram()
    verbs = {"pause_refresh": ("Pause refresh", True), "clear_quota": ("Reset API quotas", False)}
    for name, (verb, is_red) in verbs.items():
        page = operator.post(tool(miniprogram, name)).text
        assert f'<input type="submit" value="{verb}">' in page and ("delete-confirmation" in page) == is_red


def test_staff_who_may_only_look_have_no_buttons(client, sandbox, settings):
    settings.WHITENOISE_AUTOREFRESH = True
    visitor = User.objects.create(username="vera", is_staff=True)
    visitor.user_permissions.add(*Permission.objects.filter(codename__in=["view_miniprogram", "see_every_miniprogram"]))
    client.force_login(visitor)
    miniprogram = make_miniprogram(sandbox)
    text = client.get(page(miniprogram)).text
    assert "Access token" in text and "Refresh now" not in text
    assert client.get(HEALTH).status_code == 200
    answers = {name: client.post(tool(miniprogram, name), {"confirmed": "yes"}).status_code for name in BUTTONS}
    assert answers == dict.fromkeys(BUTTONS, 403)


def test_the_health_page_is_for_staff_who_may_see_mini_programs(client, settings):
    settings.WHITENOISE_AUTOREFRESH = True
    assert client.get(HEALTH).status_code == 302
    client.force_login(User.objects.create(username="vera", is_staff=True))
    assert client.get(HEALTH).status_code == 403


def test_refresh_now_fetches_in_the_name_of_the_operator(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    answer = press(operator, miniprogram, "refresh_now", asks=True)
    assert "Token refreshed (valid for" in answer.text
    assert get(miniprogram).value != old.value
    event = TokenEvent.objects.first()
    assert (event.trigger, event.requested_by) == (Trigger.OPERATOR, "staff:anna")


def test_refresh_now_ends_a_pause_and_does_not_lengthen_it_when_it_fails(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("ip_not_allowed")
    for _ in range(3):
        answer = press(operator, miniprogram, "refresh_now")
        assert escape(find_errcode(40164).cure_en) in answer.text
    known = trouble.find_trouble(miniprogram.appid)
    assert round(known.until - known.at) == 120
    sandbox.clear_faults()
    press(operator, miniprogram, "refresh_now")
    assert trouble.find_trouble(miniprogram.appid) is None
    assert get(miniprogram).value


def test_verify_says_what_was_verified_and_what_not(operator, sandbox):
    answer = press(operator, make_miniprogram(sandbox), "verify_credentials")
    assert answer.text.count("✔") == 3
    assert "41030" in answer.text and "48001" in answer.text and "not from WeChat" in answer.text
    assert (sandbox.count(STABLE), sandbox.count(PROBE)) == (1, 1)


def test_verify_in_stable_mode_changes_nothing(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    token = get(miniprogram)
    press(operator, miniprogram, "verify_credentials")
    assert get(miniprogram).value == token.value
    assert TokenEvent.objects.first().outcome == Outcome.UNCHANGED


def test_verify_stops_where_it_fails_and_says_the_cure(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.register(miniprogram.appid, "another secret")
    text = press(operator, miniprogram, "verify_credentials").text
    assert (text.count("✔"), text.count("✖"), text.count("skipped")) == (1, 1, 1)
    assert escape(find_errcode(40125).cure_en) in text
    assert sandbox.count(PROBE) == 0


def test_verify_of_a_secret_that_cannot_be_read_asks_nobody(operator, sandbox, settings):
    miniprogram = make_miniprogram(sandbox)
    settings.WXCODE_SEAL_KEYS = []
    text = press(operator, miniprogram, "verify_credentials").text
    assert (text.count("✖"), text.count("skipped")) == (1, 2)
    assert not sandbox.calls()["endpoints"]


def test_verify_while_paused_tells_an_unreadable_proxy_login_from_an_unreadable_secret(operator, sandbox, settings):
    miniprogram = make_miniprogram(sandbox)
    miniprogram.is_sandbox, miniprogram.is_refresh_paused = False, True
    miniprogram.proxy_url, miniprogram.proxy_login_ref = "http://10.0.0.5:3128", "env:NOWHERE"
    miniprogram.save()
    text = press(operator, miniprogram, "verify_credentials").text
    assert [text.count(word) for word in ("✔", "✖", "skipped")] == [1, 1, 1]
    assert text.index("✔") < text.index("✖") and not sandbox.calls()["endpoints"]


def test_pause_and_resume(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    press(operator, miniprogram, "pause_refresh", asks=True)
    miniprogram.refresh_from_db()
    assert miniprogram.is_refresh_paused
    text = operator.get(page(miniprogram)).text
    assert "paused" in text and "Resume refresh" in text and "Refresh now" not in text
    press(operator, miniprogram, "resume_refresh")
    miniprogram.refresh_from_db()
    assert not miniprogram.is_refresh_paused
    outcomes = list(TokenEvent.objects.values_list("outcome", "requested_by"))
    assert outcomes == [(Outcome.RESUMED, "staff:anna"), (Outcome.PAUSED, "staff:anna")]
    told = list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))
    assert told == ["Paused token refresh.", "Resumed token refresh."]


def test_verify_works_while_the_refresh_is_paused_and_keeps_no_token(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    press(operator, miniprogram, "pause_refresh", asks=True)
    assert "Verify credentials" in operator.get(page(miniprogram)).text
    assert press(operator, miniprogram, "verify_credentials").text.count("✔") == 3
    assert (sandbox.count(STABLE), sandbox.count(TOKEN), sandbox.count(PROBE)) == (1, 0, 1)
    assert TokenEvent.objects.get().outcome == Outcome.PAUSED
    miniprogram.refresh_from_db()
    with pytest.raises(MiniProgramInactive):
        get(miniprogram)


def test_clear_quota_tells_how_many_clears_are_used(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    get(miniprogram)
    assert "used 0 of 10 resets" in operator.post(tool(miniprogram, "clear_quota")).text
    press(operator, miniprogram, "clear_quota", asks=True)
    assert "used 1 of 10 resets" in operator.post(tool(miniprogram, "clear_quota")).text
    assert sandbox.count("/cgi-bin/clear_quota/v2") == 1
    assert quota.read_use(miniprogram.appid, token_mode="classic", now=time.time()).fetches == 0
    assert TokenEvent.objects.first().outcome == Outcome.QUOTA_CLEARED


def test_clear_quota_ends_the_pause_of_an_exhausted_quota(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    sandbox.fault("quota", endpoint=TOKEN, times=1)
    press(operator, miniprogram, "refresh_now", asks=True)
    assert trouble.find_trouble(miniprogram.appid).errcode == 45009
    press(operator, miniprogram, "clear_quota", asks=True)
    assert get(miniprogram).value


def test_a_refused_clear_is_not_counted(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("errcode", errcode=48006, endpoint="/cgi-bin/clear_quota/v2")
    answer = press(operator, miniprogram, "clear_quota", asks=True)
    assert escape(find_errcode(48006).cure_en) in answer.text
    assert "used 0 of 10 resets" in operator.post(tool(miniprogram, "clear_quota")).text


# --- Redis away, other pages -------------------------------------------------------------------------------


def test_without_redis_every_page_works_and_says_unknown(operator, sandbox, dead_redis):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    dead_redis()
    for address in (LIST, HEALTH, EVENTS, page(miniprogram)):
        answer = operator.get(address)
        assert answer.status_code == 200
        assert "nknown" in answer.text or address == EVENTS
    assert "is unknown, because Redis" in operator.post(tool(miniprogram, "clear_quota")).text
    assert "is not responding" in press(operator, miniprogram, "refresh_now").text


def test_the_health_page_puts_trouble_first_and_hints_at_thieves(operator, sandbox, clock):
    well = make_miniprogram(sandbox, name="Well")
    robbed = make_miniprogram(sandbox, name="Robbed", token_mode="classic")
    broken = make_miniprogram(sandbox, name="Broken")
    off = make_miniprogram(name="Off")
    MiniProgram.objects.filter(pk=off.pk).update(is_active=False)
    get(well)
    stolen = get(robbed)
    clock.advance(600)
    sandbox.steal(robbed.appid)
    sandbox.steal(robbed.appid)
    replace_rejected_token(robbed, rejected=stolen.value, requested_by="test")
    sandbox.fault("wrong_secret", appid=broken.appid)
    with pytest.raises(CredentialProblem):
        get(broken)
    text = operator.get(HEALTH).text
    assert re.findall(r">(Well|Robbed|Broken|Off)<", text) == ["Broken", "Robbed", "Well", "Off"]
    assert "1 need attention" in text and "1 token expired early" in text and "Switch the token mode to stable" in text


def test_the_health_page_has_pages_and_sorts_over_all_of_them(operator, sandbox):
    for number in range(51):
        make_miniprogram(sandbox, name=f"Shop {number:02}")
    last = MiniProgram.objects.get(name="Shop 50")
    sandbox.fault("wrong_secret", appid=last.appid)
    with pytest.raises(CredentialProblem):
        get(last)
    first = operator.get(HEALTH).text
    assert first.index(last.appid) < first.index("Shop 00") and "page 1 of 2" in first
    assert "Shop 49" in operator.get(HEALTH, {"p": 2}).text


def test_the_health_page_has_the_same_cure_and_button_as_the_start_page(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    press(operator, miniprogram, "pause_refresh", asks=True)
    for address in (HEALTH, "/admin/"):
        text = operator.get(address).text
        assert "Token refresh is paused. Once the current token expires" in text, address
        assert f'action="{tool(miniprogram, "resume_refresh")}"' in text, address


def test_the_health_page_says_when_nobody_refreshes(operator):
    assert "has not run yet" in operator.get(HEALTH).text


def test_an_empty_health_page_leads_to_the_first_mini_program(operator):
    assert f"{LIST}add/" in operator.get(HEALTH).text


def test_the_admin_index_leads_to_the_health_page(operator):
    assert HEALTH in operator.get("/admin/").text
    assert HEALTH in operator.get(LIST).text


def test_events_are_filtered_and_never_changed(operator, sandbox):
    one, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    get(one)
    sandbox.fault("busy", appid=other.appid)
    press(operator, other, "refresh_now")
    event = TokenEvent.objects.first()
    failed = operator.get(EVENTS, {"outcome__exact": "failed", "trigger__exact": "operator"}).text
    assert one.name not in re.sub(r"(?s)<nav.*?</nav>", "", failed) and event.rid in failed
    detail = reverse("admin:tokens_tokenevent_change", args=[event.pk])
    assert operator.get(detail).status_code == 200
    assert operator.post(detail, {"outcome": "refreshed"}).status_code == 403
    assert operator.get(f"{EVENTS}add/").status_code == 403
    assert operator.post(reverse("admin:tokens_tokenevent_delete", args=[event.pk]), {"post": "yes"}).status_code == 403


def test_a_mini_program_is_deleted_with_its_history(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    operator.post(reverse("admin:miniprograms_miniprogram_delete", args=[miniprogram.pk]), {"post": "yes"})
    assert not MiniProgram.objects.exists() and not TokenEvent.objects.exists()
