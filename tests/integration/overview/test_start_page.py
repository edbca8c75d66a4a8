"""The start page shows what wants attention and mends it, costs the same with many rows, and works without Redis."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from apps.batches.models import BatchRun, BatchState, CodeBatch
from apps.codes.models import FailedAttempt, IssuedCode, LifetimePool
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import SecretUnavailable
from apps.overview.chart import draw_chart, round_up
from apps.overview.issuing import DayCount, count_per_day
from apps.tokens import operations
from apps.tokens.heartbeat import note_run
from apps.tokens.services import get_access_token
from apps.wechat.errcodes import find_errcode
from apps.wechat.errors import CredentialProblem
from tests.integration.gallery.staff import copy_rows, issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
START = "/admin/"
NOTHING = "Nothing needs attention."
NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="client:shop")


def break_credentials(miniprogram, sandbox):
    sandbox.fault("ip_not_allowed")
    with pytest.raises(CredentialProblem):
        get(miniprogram)
    sandbox.clear_faults()


def hold(miniprogram, **facts):
    given = {
        "name": "Tables",
        "state": BatchState.HELD,
        "total": 200,
        "issued": 50,
        "hold_code": "wechat_quota_exhausted",
        "hold_errcode": 45009,
        "hold_detail": "The day's quota is used up.",
        "hold_advice": "Wait for midnight.",
    }
    return CodeBatch.objects.create(miniprogram=miniprogram, issued_by="staff:ben", **(given | facts))


def fail(miniprogram, **facts):
    given = {"scene": "t=1", "env_version": "release", "requested_by": "client:shop", "door": "api", "code": "refused"}
    return FailedAttempt.objects.create(miniprogram=miniprogram, **(given | facts))


def attention(text):
    """The part of the page that says what needs somebody."""
    return text[text.index('id="overview-attention"') : text.index("</section>", text.index("overview-attention"))]


@pytest.fixture
def knock_out():
    """`knock_out("anna")`: five failed logins under this name."""

    def fail_logins(name):
        facts = {"username": name, "ip_address": "203.0.113.7", "failures_since_start": 5}
        return AccessAttempt.objects.create(**facts, attempt_time=timezone.now())

    return fail_logins


# --- tokens ------------------------------------------------------------------------------------------------


def test_the_first_visit_says_where_to_begin(operator):
    text = operator.get(START).text
    assert "There is no mini-program yet" in text and "/admin/miniprograms/miniprogram/add/" in text
    steps = re.findall(r'<a class="button" href="([^"]+)">([^<]+)</a>', text.partition('class="overview-steps"')[2])[:3]
    assert steps == [
        ("/admin/miniprograms/miniprogram/add/", "Add mini-program"),
        ("/admin/clients/apiclient/add/", "Add API client"),
        ("/admin/auth/user/add/", "Add user"),
    ]


def test_every_list_stands_below_a_heading_by_what_people_look_for(operator):
    groups = operator.get(START).context["groups"]
    assert [str(group.name) for group in groups] == ["Mini-programs", "Codes and batches", "Access", "Logs"]
    shown = {model["model"] for group in groups for model in group.models}
    assert shown == set(admin.site._registry)


def test_steps_and_lists_are_those_that_the_reader_may_use(visitor):
    page = visitor("view_issuedcode").get(START)
    assert "overview-steps" not in page.text
    assert [str(group.name) for group in page.context["groups"]] == ["Codes and batches"]


def test_when_all_is_well_nothing_is_asked_of_anybody(operator, sandbox):
    get(make_miniprogram(sandbox))
    note_run(now=time.time())
    text = operator.get(START).text
    assert "1 OK" in text and "overview-cases" not in text and NOTHING in text


def test_nothing_needs_attention_is_said_only_where_nothing_does(operator, sandbox, knock_out):
    note_run(now=time.time())
    shop = make_miniprogram(sandbox, name="Shop")
    get(shop)
    assert NOTHING in operator.get(START).text
    batch = hold(shop)
    assert NOTHING not in operator.get(START).text
    batch.delete()
    failure = fail(shop, errcode=41030)
    assert NOTHING not in operator.get(START).text
    failure.delete()
    pool = LifetimePool.objects.create(miniprogram=shop, used=80_000)
    assert NOTHING not in operator.get(START).text
    pool.delete()
    assert NOTHING in operator.get(START).text
    knock_out("anna")
    assert NOTHING not in operator.get(START).text


def test_one_list_tells_of_tokens_batches_accounts_quotas_and_requests(operator, sandbox, knock_out):
    broken, paused = make_miniprogram(sandbox, name="Broken"), make_miniprogram(sandbox, name="Paused")
    break_credentials(broken, sandbox)
    operations.pause_refresh(paused, requested_by="staff:ben")
    hold(paused, name="Tables")
    knock_out("anna")
    knock_out("a password in the wrong field")
    LifetimePool.objects.create(miniprogram=paused, used=85_000)
    fail(paused, errcode=41030)
    page = operator.get(START)
    assert [need.name for need in page.context["needs"]] == [
        "Broken",
        "Tables",
        "anna",
        "Paused",
        "Paused",
        "1 × 41030",
    ]
    needs = attention(page.text)
    assert "Too many failed logins from 203.0.113.7" in needs and "/admin/auth/user/" in needs
    assert "85 % of the lifetime quota is used." in needs and "Token refresh is paused" in needs
    assert "a password in the wrong field" not in page.text


def test_of_each_kind_the_first_are_listed_and_the_others_counted(operator, sandbox):
    for number in range(10):
        hold(make_miniprogram(name=f"Shop {number}"), name=f"Batch {number}")
    needs = attention(operator.get(START).text)
    assert needs.count("on hold until someone resumes it") == 8 and needs.count("2 more need attention") == 2
    assert '<a href="/admin/batches/codebatch/"><strong>2 more' in needs


def test_the_one_in_trouble_comes_first_with_its_cure_and_its_button(operator, sandbox):
    paused, broken = make_miniprogram(sandbox, name="A paused"), make_miniprogram(sandbox, name="Z broken")
    make_miniprogram(sandbox, name="Off", is_sandbox=True)
    operations.pause_refresh(paused, requested_by="staff:ben")
    break_credentials(broken, sandbox)
    text = operator.get(START).text
    assert text.index("Z broken") < text.index("A paused")
    assert escape(find_errcode(40164).cure_en) in text
    assert "1 need attention" in text and "1 paused" in text and "1 no token yet" in text
    for miniprogram, tool in ((broken, "refresh_now"), (paused, "resume_refresh")):
        assert f'action="/admin/miniprograms/miniprogram/{miniprogram.pk}/actions/{tool}/"' in text


def test_a_wrong_secret_has_a_button_that_leads_to_its_field(operator, sandbox):
    broken = make_miniprogram(sandbox)
    sandbox.fault("wrong_secret")
    with pytest.raises(CredentialProblem):
        get(broken)
    text = operator.get(START).text
    page = f"/admin/miniprograms/miniprogram/{broken.pk}/change/"
    assert f'<a class="button" href="{page}#id_app_secret"' in text and "Enter the AppSecret" in text
    assert "refresh_now" not in text
    assert 'id="id_app_secret"' in operator.get(page).text


def test_what_a_worker_wrote_in_english_is_read_in_chinese(operator, sandbox):
    lost = make_miniprogram(sandbox)
    MiniProgram.objects.filter(pk=lost.pk).update(secret_ref="env:NO_SUCH_SECRET")
    lost.refresh_from_db()
    with pytest.raises(SecretUnavailable):
        get(lost)
    page = operator.get(START, headers={"accept-language": "zh-CN"}).text
    case = attention(page)
    assert "环境变量 NO_SUCH_SECRET 没有设置" in case and "Set it for every" not in case


def test_the_header_leads_to_the_own_account(operator):
    assert '<a href="/account/">Your account</a>' in operator.get(START).text


def test_the_button_mends_it_by_a_post_with_its_csrf_token(sandbox):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    miniprogram = make_miniprogram(sandbox)
    break_credentials(miniprogram, sandbox)
    text = careful.get(START).text
    address, csrf = re.search(r'action="([^"]+refresh_now/)"><input[^>]+value="(\w+)"', text).groups()
    assert careful.post(address).status_code == 403
    assert careful.post(address, {"csrfmiddlewaretoken": csrf}).status_code == 302
    assert "1 OK" in careful.get(START).text


def test_quotas_show_the_fullest_first(operator, sandbox):
    for number in range(8):
        make_miniprogram(name=f"Shop {number}")
    classic = make_miniprogram(sandbox, name="Classic", token_mode="classic")
    get(classic)
    pool = make_miniprogram(name="Pool")
    LifetimePool.objects.create(miniprogram=pool, used=81_000, uncertain=2)
    text = operator.get(START).text
    meters = text[text.index("overview-quotas") :]
    assert "81,000 of 100,000" in meters and "81% of the lifetime quota used" in meters and "2 unconfirmed" in meters
    assert "1 of 2,000 fetches" in meters and meters.index("Pool") < meters.index("Classic")
    assert "4 more with lower usage" in meters


# --- codes -------------------------------------------------------------------------------------------------


def test_codes_are_counted_by_days_in_shanghai(sandbox):
    code = issue(make_miniprogram(sandbox), "t=1")
    rows = copy_rows(code, count=4)
    moments = [
        datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC),  # 23:59:59 on the 9th in Shanghai
        datetime(2026, 3, 9, 16, 0, 0, tzinfo=UTC),  # midnight: the 10th
        datetime(2026, 2, 8, 16, 0, 0, tzinfo=UTC),  # the first moment of the 30 days
        datetime(2026, 2, 8, 15, 59, 59, tzinfo=UTC),  # just before them
    ]
    for row, moment in zip(rows, moments, strict=True):
        IssuedCode.objects.filter(pk=row.pk).update(issued_at=moment)
    counts = {str(each.day): each.count for each in count_per_day(now=NOON)}
    assert len(counts) == 30
    assert {day: count for day, count in counts.items() if count} == {
        "2026-02-09": 1,
        "2026-03-09": 1,
        "2026-03-10": 1,
    }


def test_finished_days_are_counted_once_an_hour_and_the_present_ones_always(sandbox, redis_client):
    code = issue(make_miniprogram(sandbox), "t=1")
    old, new = copy_rows(code, count=2)
    IssuedCode.objects.filter(pk=old.pk).update(issued_at=NOON - timedelta(days=5))
    IssuedCode.objects.filter(pk=new.pk).update(issued_at=NOON)
    assert sum(each.count for each in count_per_day(now=NOON)) == 2
    IssuedCode.objects.filter(pk__in=[old.pk, new.pk]).delete()
    assert [each.count for each in count_per_day(now=NOON) if each.count] == [1]
    assert 0 < redis_client.ttl("wxcode:codes-issued:2026-03-05") <= 3600


@pytest.mark.both_databases
def test_one_query_counts_them_by_the_index(sandbox):
    code = issue(make_miniprogram(sandbox), "t=1")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # of a few rows, and of statistics that are none, any index looks good to it
            copy_rows(code, count=2_000)
            hours = "UPDATE codes_issuedcode SET issued_at = %s - (id %% 2000) * interval '1 hour'"
            cursor.execute(hours, [NOON])
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as queries:
        count_per_day(now=NOON)
    (query,) = queries.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{query['sql']}")
        plan = str(cursor.fetchall())
    assert plan.count("issuedcode_issued_at") == 30


def test_the_chart_has_a_title_a_text_a_table_and_no_style_of_its_own(operator, sandbox):
    issue(make_miniprogram(sandbox), "t=1")
    text = operator.get(START).text
    chart = text[text.index("<svg viewBox") : text.index("</table>", text.index("<svg viewBox"))]
    assert '<title id="overview-chart-title">Codes created per day' in chart
    assert "1 in total; peak: 1 on" in chart and chart.count("<tr>") == 31
    assert "style=" not in chart and "<script" not in chart and "onclick" not in chart


def test_the_start_page_has_no_inline_script_or_style(operator, sandbox):
    break_credentials(make_miniprogram(sandbox), sandbox)
    text = operator.get(START).text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)


def test_bars_reach_the_top_and_one_code_can_be_seen():
    days = [DayCount(NOON.date(), count) for count in (0, 1, 10_000)]
    chart = draw_chart(days)
    assert [bar.height for bar in chart.bars] == [0, 1.5, 100] and chart.bars[2].y == 0
    assert (chart.total, chart.busiest.count, chart.today.count) == (10_001, 10_000, 10_000)
    assert [round_up(number) for number in (0, 1, 3, 11, 20, 21, 5001)] == [1, 1, 5, 20, 20, 50, 10_000]


# --- batches and failures ----------------------------------------------------------------------------------


def test_a_held_batch_shows_its_reason_and_its_button(operator):
    miniprogram = make_miniprogram()
    hold(miniprogram, name="Running", state=BatchState.RUNNING, hold_code="", hold_detail="", hold_advice="")
    batch = hold(miniprogram)
    hold(miniprogram, name="Done long ago", state=BatchState.DONE)
    text = operator.get(START).text
    section = text[text.index('id="overview-batches"') :]
    assert section.index("Tables") < section.index("Running") and "Done long ago" not in section
    assert "50 of 200 (25%)" in section and "2 open" in section
    needs, known = attention(text), find_errcode(45009)
    assert "45009" in needs and escape(known.meaning_en) in needs and escape(known.cure_en) in needs
    assert (
        "on hold until someone resumes it" in needs
        and "stalled" in section
        and "Stalled: no worker has picked it up" in needs
    )
    address = f"/admin/batches/codebatch/{batch.pk}/actions/resume/"
    assert f'action="{address}"' in needs
    overdue = hold(miniprogram, name="Overdue", resume_at=timezone.now() - timedelta(minutes=1))
    text = operator.get(START).text
    section = text[text.index('id="overview-batches"') :]
    for part in (attention(text), section):
        row = next(row for row in part.split("<li>") if f"/{overdue.pk}/change/" in row)
        assert ">stalled<" in row and ">on hold<" not in row
    operator.post(address)
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING


def test_a_reason_without_errcode_is_shown_as_it_was_written(operator):
    hold(make_miniprogram(), hold_code="storage_unavailable", hold_errcode=None)
    text = operator.get(START).text
    assert "quota is used up" in text and "Wait for midnight." in text


def test_a_batch_that_is_worked_on_warns_of_nothing(operator):
    miniprogram = make_miniprogram()
    hold(miniprogram, state=BatchState.RUNNING, hold_code="")
    BatchRun.objects.create(miniprogram=miniprogram, lease_until=timezone.now() + timedelta(seconds=20))
    assert "no worker has picked it up" not in operator.get(START).text


def test_failures_of_a_day_are_counted_by_errcode_with_their_cure(operator):
    miniprogram = make_miniprogram()
    for _ in range(3):
        fail(miniprogram, errcode=41030, code="invalid_page")
    fail(miniprogram, code="redis_unavailable")
    old = fail(miniprogram, errcode=45009)
    FailedAttempt.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(hours=25))
    text = operator.get(START).text
    section = attention(text)
    assert "3 × 41030" in section and escape(find_errcode(41030).cure_en) in section
    assert "1 × redis_unavailable" in section and "45009" not in section
    address = re.search(r'href="(/admin/codes/failedattempt/[^"]+errcode=41030[^"]*)"', section)[1]
    answer = operator.get(address.replace("&amp;", "&"))
    assert answer.status_code == 200 and answer.context["cl"].result_count == 3


# --- the whole ---------------------------------------------------------------------------------------------


def test_many_rows_cost_as_many_queries_as_few(operator, sandbox):
    def fill(count):
        for number in range(count):
            miniprogram = make_miniprogram(sandbox, name=f"Shop {count} {number}")
            LifetimePool.objects.create(miniprogram=miniprogram, used=number)
            hold(miniprogram, name=f"Batch {count} {number}")
            fail(miniprogram, errcode=40000 + number)

    fill(1)
    operator.get(START)
    with CaptureQueriesContext(connection) as few:
        operator.get(START)
    fill(15)
    with CaptureQueriesContext(connection) as many:
        operator.get(START)
    assert len(many) == len(few) <= 15


def test_without_redis_the_page_says_so_and_shows_the_rest(operator, sandbox, dead_redis):
    miniprogram = make_miniprogram(sandbox)
    issue(miniprogram, "t=1")
    hold(miniprogram)
    dead_redis()
    answer = operator.get(START)
    assert answer.status_code == 200
    assert "Redis is not responding" in answer.text and "1 unknown" in answer.text
    assert NOTHING not in answer.text
    assert "1 in total; peak: 1 on" in answer.text and escape(find_errcode(45009).meaning_en) in answer.text


def test_no_token_and_no_secret_is_on_it(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, secret="0123456789abcdef0123456789abcdef")
    token = get(miniprogram)
    text = operator.get(START).text
    assert token.value not in text and "0123456789abcdef0123456789abcdef" not in text
    assert miniprogram.secret_ref not in text


def test_everybody_sees_only_the_parts_that_they_may(visitor, sandbox):
    miniprogram = make_miniprogram(sandbox)
    break_credentials(miniprogram, sandbox)
    hold(miniprogram)
    browser = visitor("view_miniprogram")
    text = browser.get(START).text
    assert miniprogram.name in text and "/actions/" not in text
    assert "Open batches" not in text and "Codes created" not in text and "Tables" not in text


def test_staff_without_any_permission_see_no_facts(visitor, sandbox):
    miniprogram = make_miniprogram(sandbox)
    text = visitor().get(START).text
    assert miniprogram.name not in text and "Quotas" not in text and "attention" not in text


def test_strangers_are_sent_to_the_login(client):
    assert client.get(START).headers["Location"] == "/admin/login/?next=/admin/"
