"""Long lists of the admin count nothing to its end, and offer to filter by what is recent."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.miniprograms.models import MiniProgram
from apps.tables.long_lists import SHOWN_AT_MOST
from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.overview import find_overviews
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
EVENTS = "/admin/tokens/tokenevent/"


def make_events(miniprogram: MiniProgram, count: int, **facts) -> None:
    given = {"outcome": Outcome.REFRESHED, "trigger": Trigger.SCHEDULE, "token_mode": "stable"} | facts
    TokenEvent.objects.bulk_create([TokenEvent(miniprogram=miniprogram, **given) for _each in range(count)], 1000)


@pytest.mark.parametrize("address", [EVENTS, "/admin/codes/failedattempt/", "/admin/codes/issuedcode/"])
def test_nothing_is_counted_and_nothing_is_made_distinct(operator, address):
    make_events(make_miniprogram(), 3, errcode=40164)
    with CaptureQueriesContext(connection) as queries:
        assert operator.get(address, {"q": "shop"}).status_code == 200
    assert not [each["sql"] for each in queries if re.search(r"COUNT\(|DISTINCT", each["sql"])]


def test_the_newest_thousand_are_shown(operator):
    make_events(make_miniprogram(), SHOWN_AT_MOST + 20)
    assert re.search(r"1,?000 token events", operator.get(EVENTS).text)
    assert operator.get(EVENTS, {"p": "20"}).status_code == 200
    assert operator.get(EVENTS, {"p": "21"}).status_code == 302


def test_errcodes_of_the_newest_rows_are_offered_and_found(operator):
    miniprogram = make_miniprogram()
    make_events(miniprogram, 1, errcode=40164, outcome=Outcome.FAILED)
    make_events(miniprogram, 2, errcode=40125, outcome=Outcome.FAILED)
    text = operator.get(EVENTS).text
    assert "?errcode=40125" in text and "?errcode=40164" in text
    assert re.search(r"1 token event\b", operator.get(EVENTS, {"errcode": "40164"}).text)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the planner of PostgreSQL is the subject")
def test_a_mini_program_without_any_refresh_is_not_looked_for_among_all_events(db):
    for _each in range(4):
        make_events(make_miniprogram(), 1)
    idle = make_miniprogram()
    columns = ", ".join(field.column for field in TokenEvent._meta.fields if not field.primary_key)
    with connection.cursor() as cursor:
        # twenty thousand events of each of the busy ones, in turn
        cursor.execute(
            f"INSERT INTO tokens_tokenevent ({columns}) "
            f"SELECT {columns} FROM tokens_tokenevent CROSS JOIN generate_series(1, 20000) AS number ORDER BY number"
        )
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as queries:
        find_overviews([idle])
    (statement,) = [each["sql"] for each in queries if "LIMIT 1" in each["sql"] and "tokenevent" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "tokenevent_miniprogram" in plan
    assert "tokens_tokenevent_pkey" not in plan
