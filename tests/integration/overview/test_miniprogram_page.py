"""A mini-program's page shows its codes, pools and trail, and tries the credentials on save when asked."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from apps.codes.models import IssuedCode, LifetimePool
from apps.miniprograms.models import MiniProgram
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


def test_a_new_one_is_verified_when_asked(operator, sandbox):
    facts = form(verify_on_save="on")
    sandbox.register(facts["appid"], SECRET)
    answer = operator.post(ADD, facts, follow=True)
    assert "Verified: the AppSecret, the token and a call with it." in answer.text
    event = TokenEvent.objects.first()
    assert event.requested_by == "staff:anna" and SECRET not in answer.text


def test_a_wrong_secret_is_said_with_its_cure_and_saved_all_the_same(operator, sandbox):
    facts = form(verify_on_save="on")
    sandbox.register(facts["appid"], "another secret")
    answer = operator.post(ADD, facts, follow=True)
    assert "does not work yet" in answer.text and escape(find_errcode(40125).cure_en) in answer.text
    assert MiniProgram.objects.get().appid == facts["appid"] and SECRET not in answer.text


def test_nobody_is_asked_unless_the_box_is_ticked(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    operator.post(page(miniprogram), form(miniprogram, app_secret=""))
    assert not sandbox.calls()["endpoints"]


def test_a_refused_form_verifies_nothing(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    answer = operator.post(page(miniprogram), form(miniprogram, name="", verify_on_save="on"))
    assert "errornote" in answer.text and not sandbox.calls()["endpoints"]


def test_the_box_is_ticked_for_a_new_one_only_and_leaves_no_entry(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    assert operator.get(ADD).context["adminform"].form["verify_on_save"].value() is True
    assert operator.get(page(miniprogram)).context["adminform"].form["verify_on_save"].value() is False
    same = form(miniprogram, name=miniprogram.name, app_secret="", verify_on_save="on")
    operator.post(page(miniprogram), same)
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_an_inactive_one_is_told_apart(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    facts = form(miniprogram, app_secret="", verify_on_save="on")
    del facts["is_active"]
    text = operator.post(page(miniprogram), facts, follow=True).text
    assert "does not work yet" in text and "✔ Verified" not in text


# --- panels ------------------------------------------------------------------------------------------------


def test_newest_codes_are_thumbnails_and_no_more_than_eight(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    code = issue(miniprogram, "t=1")
    copy_rows(code, count=10)
    LifetimePool.objects.create(miniprogram=miniprogram, used=90_000)
    text = operator.get(page(miniprogram)).text
    assert text.count("?width=160") == 8 and "copy=9" in text and "copy=1<" not in text
    assert "90,000 of 100,000" in text and "90% gone for ever" in text and "1 of 5,000" in text


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


@pytest.mark.parametrize("words", ["AppSecret(小程序密钥)", "In stable mode both get the same one", "41030", "40164"])
def test_the_form_answers_what_people_ask(operator, words):
    assert words in operator.get(ADD).text


# --- the list ----------------------------------------------------------------------------------------------


def test_the_list_shows_newest_code_and_pool_in_a_fixed_number_of_queries(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, name="Shop 0")
    issue(miniprogram, "t=1")
    LifetimePool.objects.create(miniprogram=miniprogram, used=81_000)
    text = operator.get(LIST).text
    assert "just now" in text and "limited: 81 % gone" in text
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
