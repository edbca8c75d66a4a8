"""Lists of history go out as CSV: what is filtered, harmless in a spreadsheet, streamed, without a secret."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from django.utils.translation import gettext, override

from apps.codes.models import FailedAttempt
from apps.tables.csv_stream import CHUNK, MARK
from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.services import get_access_token
from apps.wechat.errcodes import find_errcode
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
EVENTS, FAILURES = "/admin/tokens/tokenevent/", "/admin/codes/failedattempt/"


def read(answer):
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK))))


def fail(miniprogram, **facts):
    given = {"scene": "t=1", "env_version": "release", "requested_by": "client:shop", "door": "api", "code": "refused"}
    return FailedAttempt.objects.create(miniprogram=miniprogram, **(given | facts))


def test_the_list_links_to_the_export_of_what_it_shows(operator):
    text = operator.get(FAILURES, {"errcode": "41030"}).text
    assert f'href="{FAILURES}export.csv?errcode=41030"' in text and "Export as CSV" in text


def test_a_failure_says_what_was_asked_what_was_wrong_and_what_to_do(operator):
    fail(make_miniprogram(), errcode=41030, scene="t=7", page="pages/gone", rid="6b01-77", detail="invalid page")
    for language, cure in (("en", find_errcode(41030).cure_en), ("zh-hans", find_errcode(41030).cure_zh)):
        text = operator.get(FAILURES, headers={"Accept-Language": language}).text
        assert "t=7" in text and "pages/gone" in text and "rid 6b01-77" in text and escape(cure) in text


def test_the_export_holds_what_is_filtered_and_nothing_else(operator):
    miniprogram = make_miniprogram()
    fail(miniprogram, errcode=41030, scene="gone")
    fail(miniprogram, errcode=45009, scene="quota")
    answer = operator.get(f"{FAILURES}export.csv", {"errcode": "41030"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    (row,) = read(answer)
    assert (row["scene"], row["errcode"], row["appid"]) == ("gone", "41030", miniprogram.appid)
    assert row["at"].endswith("+08:00")


def test_no_cell_is_a_formula_and_a_negative_number_is_a_number(operator):
    miniprogram = make_miniprogram(name="=cmd|' /C calc'!A0")
    fail(miniprogram, scene='=HYPERLINK("x")', errcode=-1)
    fail(miniprogram, detail="@SUM(1)")
    second, row = read(operator.get(f"{FAILURES}export.csv"))
    assert row["miniprogram"].startswith("'=") and row["scene"].startswith("'=")
    assert (second["detail"], row["errcode"]) == ("'@SUM(1)", "-1")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_stored_sentence_goes_out_in_the_readers_language(operator, language):
    miniprogram = make_miniprogram()
    with override("en" if language == "zh-hans" else "zh-hans"):
        stored = gettext("The environment variable %(name)s is not set.") % {"name": "TEA"}
    fail(miniprogram, detail=stored)
    TokenEvent.objects.create(
        miniprogram=miniprogram, outcome=Outcome.FAILED, trigger=Trigger.SCHEDULE, token_mode="stable", detail=stored
    )
    with override(language):
        expected = gettext("The environment variable %(name)s is not set.") % {"name": "TEA"}
    for address in (FAILURES, EVENTS):
        answer = operator.get(f"{address}export.csv", headers={"Accept-Language": language})
        # it is read when the request is over, and whoever is served then may read another language
        with override("en" if language == "zh-hans" else "zh-hans"):
            (row,) = read(answer)
        assert row["detail"] == expected != stored


@pytest.mark.both_databases
def test_more_rows_cost_no_more_queries_and_are_sent_in_pieces(operator):
    miniprogram = make_miniprogram()
    fail(miniprogram)
    with CaptureQueriesContext(connection) as few:
        assert len(read(operator.get(f"{FAILURES}export.csv"))) == 1
    copies = [FailedAttempt(miniprogram=miniprogram, scene=f"s={n}", door="api") for n in range(2 * CHUNK)]
    FailedAttempt.objects.bulk_create(copies)
    with CaptureQueriesContext(connection) as many:
        answer = operator.get(f"{FAILURES}export.csv")
        pieces = list(answer.streaming_content)
    assert len(pieces) == 3 and b"".join(pieces).count(b"\r\n") == 2 * CHUNK + 2
    assert len(many) <= len(few) + 1, "the list itself asks how many there are of the second page"


def test_token_events_go_out_without_token_or_secret(operator, sandbox):
    miniprogram = make_miniprogram(sandbox, secret="0123456789abcdef0123456789abcdef")
    token = get_access_token(miniprogram, requested_by="client:shop")
    answer = operator.get(f"{EVENTS}export.csv")
    text = b"".join(answer.streaming_content).decode()
    assert miniprogram.appid in text and "client:shop" in text
    assert token.value not in text and "0123456789abcdef0123456789abcdef" not in text


def test_a_filter_that_does_not_exist_leads_back_to_the_list(operator):
    answer = operator.get(f"{FAILURES}export.csv", {"errcode": "x"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{FAILURES}?e=1")


@pytest.mark.parametrize("address", [EVENTS, FAILURES])
def test_who_may_not_see_the_list_may_not_export_it(client, address):
    assert client.get(f"{address}export.csv").status_code == 302
    vera = User.objects.create(username="vera", is_staff=True)
    client.force_login(vera)
    assert client.get(f"{address}export.csv").status_code == 403
    vera.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_tokenevent", "view_failedattempt", "see_every_miniprogram"])
    )
    client.force_login(User.objects.get(pk=vera.pk))
    assert client.get(f"{address}export.csv").status_code == 200


def test_history_cannot_be_changed(operator):
    miniprogram = make_miniprogram()
    event = TokenEvent.objects.create(
        miniprogram=miniprogram, outcome=Outcome.FAILED, trigger=Trigger.SCHEDULE, token_mode="stable"
    )
    for address, row in ((EVENTS, event), (FAILURES, fail(miniprogram))):
        assert operator.get(f"{address}add/").status_code == 403
        assert operator.post(f"{address}{row.pk}/change/", {}).status_code == 403
        assert operator.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403
