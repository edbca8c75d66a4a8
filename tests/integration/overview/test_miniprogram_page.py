"""A mini-program's page shows its codes, pools and trail, and tries the credentials on save when asked."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.codes.models import IssuedCode, LifetimePool
from apps.miniprograms.models import MiniProgram, SealedSecret
from apps.miniprograms.secrets import resolve_secret
from apps.tokens import operations
from apps.tokens.models import TokenEvent
from apps.tokens.services import get_access_token
from apps.wechat.errcodes import find_errcode
from apps.wechat.errors import CredentialProblem
from tests.integration.gallery.staff import copy_rows, issue
from tests.parts import make_miniprogram, new_appid

pytestmark = pytest.mark.django_db
LIST = "/admin/miniprograms/miniprogram/"
ADD = f"{LIST}add/"
SECRET = "0123456789abcdef0123456789abcdef"


def page(miniprogram):
    return f"{LIST}{miniprogram.pk}/change/"


def form(miniprogram=None, **fields):
    facts = {"name": "Shop", "token_mode": "stable", "env_version": "release", "is_active": "on", "is_sandbox": "on"}
    appid = miniprogram.appid if miniprogram else new_appid()
    looks = {"check_path": "on", "width": "430", "line_color": "#000000"}
    return facts | looks | {"appid": appid, "app_secret": SECRET} | fields


# --- verifying on save -------------------------------------------------------------------------------------


def successes(answer):
    return [(message.level_tag, str(message)) for message in answer.context["messages"]]


def test_a_new_one_is_verified_and_told_in_one_message(operator, sandbox):
    facts = form(verify_on_save="on")
    sandbox.register(facts["appid"], SECRET)
    answer = operator.post(ADD, facts, follow=True)
    assert successes(answer) == [("success", "“Shop” is saved. AppSecret, token and a test call all work.")]
    event = TokenEvent.objects.first()
    assert event.requested_by == "staff:anna" and SECRET not in answer.text


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_a_wrong_secret_is_told_at_its_field_and_nothing_is_saved(operator, sandbox, is_new, mode):
    known = None if is_new else make_miniprogram(sandbox, secret="the good one", token_mode=mode)
    before = None if is_new else get_access_token(known, requested_by="client:shop")
    facts = form(known, verify_on_save="on", name="Typed", token_mode=mode, notes="kept")
    if is_new:
        sandbox.register(facts["appid"], "another secret")
    answer = operator.post(ADD if is_new else page(known), facts)
    errors = answer.context["adminform"].form.errors
    assert list(errors) == ["app_secret"] and find_errcode(40125).cure_en in errors["app_secret"][0]
    assert "clear “Verify on save”" in errors["app_secret"][0]
    assert successes(answer) == [] and SECRET not in answer.text
    assert 'value="Typed"' in answer.text and ">kept</textarea>" in answer.text.replace("\n", "")
    assert re.search(r'name="app_secret"[^>]*autofocus', answer.text) and "change_form.js" not in answer.text
    if known is None:
        assert not MiniProgram.objects.exists() and not SealedSecret.objects.exists()
    else:
        known.refresh_from_db()
        assert resolve_secret(known) == "the good one" and SealedSecret.objects.count() == 1
        assert get_access_token(known, requested_by="client:shop").value == before.value
    assert not LogEntry.objects.exists()


def test_another_reference_is_verified_too(operator, sandbox, monkeypatch):
    miniprogram = make_miniprogram(sandbox)
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    facts = form(miniprogram, app_secret="", secret_source="env:SHOP_SECRET", verify_on_save="on")
    assert list(operator.post(page(miniprogram), facts).context["adminform"].form.errors) == ["secret_source"]
    sandbox.register(miniprogram.appid, SECRET)
    operator.post(page(miniprogram), facts)
    miniprogram.refresh_from_db()
    assert miniprogram.secret_ref == "env:SHOP_SECRET"


def test_an_appid_that_wechat_does_not_know_is_told_at_its_field(operator, sandbox):
    sandbox.fault("errcode", errcode=40013)
    answer = operator.post(ADD, form(verify_on_save="on"))
    assert list(answer.context["adminform"].form.errors) == ["appid"]


def test_without_the_box_a_secret_is_saved_as_it_is(operator, sandbox):
    facts = form()
    sandbox.register(facts["appid"], "another secret")
    operator.post(ADD, facts)
    assert MiniProgram.objects.get().appid == facts["appid"] and not sandbox.calls()["endpoints"]


def test_nobody_is_asked_where_the_secret_stays(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    answer = operator.post(page(miniprogram), form(miniprogram, app_secret="", verify_on_save="on"), follow=True)
    assert not sandbox.calls()["endpoints"] and "was changed successfully" in answer.text


def test_a_refused_form_verifies_nothing(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    answer = operator.post(page(miniprogram), form(miniprogram, name="", verify_on_save="on"))
    assert "errornote" in answer.text and not sandbox.calls()["endpoints"]


def test_who_may_not_save_asks_nobody(visitor, sandbox):
    miniprogram = make_miniprogram(sandbox)
    browser = visitor("view_miniprogram")
    assert browser.post(page(miniprogram), form(miniprogram, verify_on_save="on")).status_code == 403
    assert not sandbox.calls()["endpoints"] and SealedSecret.objects.count() == 1


def test_the_box_is_ticked_and_leaves_no_entry(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    for address in (ADD, page(miniprogram)):
        assert operator.get(address).context["adminform"].form["verify_on_save"].value() is True
    operator.post(page(miniprogram), form(miniprogram, name=miniprogram.name, app_secret="", verify_on_save="on"))
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_an_inactive_one_is_told_apart(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.register(miniprogram.appid, SECRET)
    facts = form(miniprogram, verify_on_save="on")
    del facts["is_active"]
    answer = operator.post(page(miniprogram), facts, follow=True)
    assert successes(answer) == [("success", "“Shop” is saved. WeChat accepts the AppSecret.")]
    assert not TokenEvent.objects.exists()


# --- panels ------------------------------------------------------------------------------------------------


def test_newest_codes_are_thumbnails_and_no_more_than_eight(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    code = issue(miniprogram, "t=1")
    copy_rows(code, count=10)
    LifetimePool.objects.create(miniprogram=miniprogram, used=90_000)
    text = operator.get(page(miniprogram)).text
    assert text.count("?width=160") == 8 and "copy=9" in text and "copy=1<" not in text
    assert "90,000 of 100,000" in text and "90% of the lifetime quota used" in text and "1 of 5,000" in text


def test_the_trail_of_this_one_and_of_no_other_is_shown(operator, sandbox):
    mine, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    operator.post(page(mine), form(mine, name="Renamed"))
    operator.post(page(other), form(other, token_mode="classic"))
    text = operator.get(page(mine)).text
    trail = text[text.index("trail-panel-title") :]
    assert "anna" in trail and "to “Renamed”." in trail and "Changed AppSecret." in trail and "oken mode" not in trail
    address = trail[trail.index("/admin/admin/logentry/") :].split('"')[0].replace("&amp;", "&")
    assert operator.get(address).context["cl"].result_count == 1


def test_without_redis_the_page_is_there(operator, sandbox, dead_redis):
    miniprogram = make_miniprogram(sandbox)
    issue(miniprogram, "t=1")
    dead_redis()
    answer = operator.get(page(miniprogram))
    assert answer.status_code == 200 and "Code calls this minute" in answer.text


def test_more_codes_cost_no_more_queries(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    code = issue(miniprogram, "t=1")
    operator.get(page(miniprogram))
    with CaptureQueriesContext(connection) as few:
        operator.get(page(miniprogram))
    copy_rows(code, count=50)
    with CaptureQueriesContext(connection) as many:
        operator.get(page(miniprogram))
    assert len(many) == len(few)


def test_who_may_not_see_codes_and_trail_does_not(visitor, sandbox):
    miniprogram = make_miniprogram(sandbox)
    issue(miniprogram, "t=1")
    text = visitor("view_miniprogram").get(page(miniprogram)).text
    assert "Access token" in text and "?width=160" not in text and "trail-panel-title" not in text


@pytest.mark.parametrize(
    "words", ["AppSecret(小程序密钥)", "In stable mode, both get the same token", "41030", "40164"]
)
def test_the_form_answers_what_people_ask(operator, words):
    assert words in operator.get(ADD).text


# --- the list ----------------------------------------------------------------------------------------------


def test_the_list_shows_newest_code_and_pool_in_a_fixed_number_of_queries(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, name="Shop 0")
    issue(miniprogram, "t=1")
    LifetimePool.objects.create(miniprogram=miniprogram, used=81_000)
    text = operator.get(LIST).text
    assert "just now" in text and "limited codes: 81 % used" in text
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    for number in range(1, 6):
        issue(make_miniprogram(sandbox, name=f"Shop {number}"), "t=1")
    with CaptureQueriesContext(connection) as many:
        assert operator.get(LIST).text.count('field-newest_code">just now') == 6
    assert len(many) == len(few)


@pytest.mark.both_databases
def test_the_newest_code_is_found_by_the_index(operator, sandbox):
    code = issue(make_miniprogram(sandbox), "t=1")
    IssuedCode.objects.filter(pk=code.pk).update(issued_at=timezone.now() - timedelta(days=3))
    # of a few rows any index looks good to PostgreSQL
    count = 500 if connection.vendor == "postgresql" else 5
    for _other in range(4):
        copy_rows(issue(make_miniprogram(sandbox), "t=1"), count=count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as queries:
        assert "3\xa0days ago" in operator.get(LIST).text
    (query,) = [each["sql"] for each in queries if "issued_at" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{query}")
        assert "code_by_app" in str(cursor.fetchall())


def test_the_list_is_filtered_by_the_state_of_the_token(operator, sandbox):
    fresh, paused, broken = (make_miniprogram(sandbox, name=name) for name in ("Fresh", "Paused", "Broken"))
    get_access_token(fresh, requested_by="client:shop")
    operations.pause_refresh(paused, requested_by="staff:ben")
    sandbox.fault("ip_not_allowed")
    with pytest.raises(CredentialProblem):
        get_access_token(broken, requested_by="client:shop")
    for state, wanted in (("fresh", fresh), ("paused", paused), ("trouble", broken)):
        assert list(operator.get(LIST, {"token": state}).context["cl"].result_list) == [wanted]
    assert operator.get(LIST, {"token": "nonsense"}).context["cl"].result_count == 3


def test_the_list_is_filtered_by_mode(operator):
    classic = make_miniprogram(token_mode="classic")
    make_miniprogram()
    assert list(operator.get(LIST, {"token_mode": "classic"}).context["cl"].result_list) == [classic]
