"""Finding codes: filters in the address bar, their chips, how many there are, and what to do when there are none."""

import datetime as dt
import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.gallery import counting
from apps.gallery.browsing import PAGE_SIZE, Search
from tests.integration.codes.rows import make_code
from tests.integration.codes.test_indexes import UNWANTED, plan_of
from tests.integration.gallery.colleagues import enter
from tests.integration.gallery.staff import copy_rows, issue, make_staff
from tests.integration.gallery.test_home import MORE, shown
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db):
    """A mini-program without a WeChat: rows are enough to be found."""
    return make_miniprogram(name="Museum")


def chips(answer):
    """What the chips say, and the addresses without them."""
    found = re.findall(r'<a class="chip" href="([^"]*)">(.*?)</a>', answer.text, re.DOTALL)
    return {
        " ".join(re.sub(r"<[^>]+>", " ", text).replace("remove", "").split()): html.unescape(address)
        for address, text in found
    }


def count_of(answer):
    return " ".join(re.search(r'<p id="count"[^>]*>([^<]*)</p>', answer.text)[1].split())


def finds(staff, query, *codes):
    return shown(staff.get(f"/?{query}")) == [code.pk for code in codes]


# --- each filter ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"kind": "limited"}, "kind=limited"),
        ({"kind": "qrcode"}, "kind=qrcode"),
        ({"env_version": "trial"}, "env_version=trial"),
        ({"page": "pages/hall"}, "page=pages/hall"),
        ({"tags": ("hall",)}, "tag=hall"),
        ({"issued_by": "staff:anna"}, "issuer=staff:anna"),
        ({"issued_by": "door:extend"}, "issuer=door:extend"),
        ({"external_id": "till-7"}, "q=till-7"),
        ({"archived_at": dt.datetime(2026, 5, 1, tzinfo=dt.UTC)}, "archived=1"),
    ],
)
def test_a_filter_finds_its_codes_and_no_others(staff, shop, fields, query):
    wanted = make_code(shop, "wanted=1", **fields)
    make_code(shop, "other=1")
    assert finds(staff, query, wanted)
    assert finds(staff, f"{query}&miniprogram={shop.appid}", wanted)


def test_codes_of_an_api_client_are_found_even_when_the_client_is_gone(staff, shop):
    client, _key = create_client(name="till", scopes=["codes:create"])
    code = make_code(shop, "a=1", client=client, issued_by="client:till")
    make_code(shop, "a=2", issued_by="client:other")
    assert finds(staff, "issuer=client:till", code)
    client.delete()
    assert finds(staff, "issuer=client:till", code)


def test_days_are_those_of_the_reader_and_both_count(staff, shop):
    moments = [(2, 15, 59), (2, 16, 0), (3, 15, 59), (3, 16, 0)]
    codes = [
        make_code(shop, f"n={number}", issued_at=dt.datetime(2026, 5, day, hour, minute, tzinfo=dt.UTC))
        for number, (day, hour, minute) in enumerate(moments)
    ]
    # 3 May in Shanghai lasts from 16:00 to 16:00 UTC
    assert finds(staff, "from=2026-05-03&to=2026-05-03", codes[2], codes[1])
    staff.cookies["wxcode_timezone"] = "UTC"
    assert finds(staff, "from=2026-05-03", codes[3], codes[2])
    assert finds(staff, "to=2026-05-02", codes[1], codes[0])


def test_filters_must_hold_together(staff, shop):
    wanted = make_code(shop, "a=1", env_version="trial", tags=("hall",), label="Window")
    make_code(shop, "a=2", env_version="trial", label="Window")
    make_code(shop, "a=3", tags=("hall",), label="Window")
    assert finds(staff, "q=window&env_version=trial&tag=hall", wanted)


def test_a_senseless_filter_is_ignored_and_not_shown(staff, shop):
    code = make_code(shop, "a=1")
    for query in (
        "kind=none", "env_version=beta", "issuer=anna", "from=yesterday", "to=2026-02-30", "from=0001-01-01",
        "to=9999-12-31", "archived=yes", "tag=%00", "page=%00", "issuer=%00",
    ):  # fmt: skip
        answer = staff.get(f"/?{query}")
        assert (shown(answer), chips(answer)) == ([code.pk], {}), query


def test_an_unknown_name_finds_nothing_and_says_so(staff, shop):
    make_code(shop, "a=1")
    queries = ("tag=none", "issuer=client:none", "issuer=staff:none", "page=" + "x" * 2000, "batch=99", "to=2000-01-01")
    for query in queries:
        answer = staff.get(f"/?{query}")
        assert "Nothing found" in answer.text, query
        assert len(chips(answer)) == 1, query


# --- the address holds everything -----------------------------------------------------------------------------

WHOLE = (
    "q=window&miniprogram=APPID&kind=limited&env_version=trial&page=pages%2Fa&tag=%E5%8E%85&issuer=staff%3Aanna"
    "&from=2026-05-01&to=2026-05-31&archived=1&batch=7"
)


def test_an_address_says_the_same_after_being_read(rf, shop):
    query = f"?{WHOLE.replace('APPID', shop.appid)}"
    search = Search.read(rf.get(f"/{query}&before=9").GET, granted=None)
    assert search.query_string() == query
    assert search.query_string(before=9) == f"{query}&before=9"
    assert len(search.filters) == 11


def test_every_active_filter_is_a_chip_that_leads_to_the_search_without_it(staff, shop):
    query = WHOLE.replace("APPID", shop.appid)
    found = chips(staff.get(f"/?{query}"))
    assert list(found) == [
        "Search window",
        "Mini-program Museum",
        "Kind limited",
        "Version trial",
        "Page pages/a",
        "Tag 厅",
        "Created by anna",
        "From 2026-05-01",
        "Until 2026-05-31",
        "Archive archived only",
        "Batch 7",
    ]
    for part, address in zip(query.split("&"), found.values(), strict=True):
        assert address == "/?" + "&".join(each for each in query.split("&") if each != part)


def test_the_form_shows_what_the_address_says(staff, shop):
    make_staff("li.wei")
    make_code(shop, "a=1")
    text = staff.get("/?kind=qrcode&env_version=trial&issuer=staff:li.wei&tag=hall&from=2026-05-01&archived=1").text
    for value in ("qrcode", "trial", "staff:li.wei", "1"):
        assert f'<option value="{value}" selected>' in text
    assert 'name="tag" value="hall"' in text
    assert 'name="from" value="2026-05-01"' in text
    assert '<span class="badge">6</span>' in text


def test_an_issuer_whom_the_list_does_not_know_stays_chosen(staff, shop):
    make_code(shop, "a=1")
    assert '<option value="staff:gone" selected>staff:gone</option>' in staff.get("/?issuer=staff:gone").text


def test_filters_stay_while_paging_and_on_the_way_to_a_code(staff, shop):
    copy_rows(make_code(shop, "a=1", env_version="trial"), count=PAGE_SIZE)
    text = staff.get("/?env_version=trial").text
    assert re.search(r'id="more">\s*<a [^>]*href="/\?env_version=trial&amp;before=\d+"', text)
    assert re.search(r'<h2><a href="/codes/\d+/\?env_version=trial"', text)


# --- how many -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "words"), [(1, "1 code"), (2, "2 codes"), (PAGE_SIZE, "60 codes")])
def test_what_fits_on_a_page_is_counted_by_looking_at_it(staff, shop, rows, words):
    copy_rows(make_code(shop, "a=1"), count=rows - 1)
    answer = staff.get("/")
    assert count_of(answer) == words
    assert "/codes/count/" not in answer.text


def test_more_than_a_page_is_counted_when_the_page_is_there(staff, shop):
    copy_rows(make_code(shop, "a=1", env_version="trial"), count=PAGE_SIZE)
    make_code(shop, "a=2")
    answer = staff.get("/?env_version=trial")
    assert count_of(answer) == "more than 60 codes"
    assert 'hx-get="/codes/count/?env_version=trial" hx-trigger="load"' in answer.text
    assert count_of(staff.get("/codes/count/?env_version=trial")) == "61 codes"


def test_the_number_is_exact_up_to_a_thousand(staff, shop):
    code = make_code(shop, "a=1")
    copies = copy_rows(code, count=1000)
    for rows, words in ((1001, "1,000+ codes"), (1000, "1,000 codes"), (999, "999 codes")):
        assert IssuedCode.objects.count() == rows
        assert count_of(staff.get("/codes/count/")) == words
        assert count_of(staff.get("/codes/count/?before=5")) == words
        copies.pop().delete()


def test_counting_reads_no_further_than_the_thousand_and_first(staff, shop):
    make_code(shop, "a=1")
    with CaptureQueriesContext(connection) as queries:
        staff.get("/codes/count/?kind=unlimited")
    counted = [each["sql"] for each in queries if '"codes_issuedcode"."id"' in each["sql"]]
    assert len(counted) == 1
    assert counted[0].endswith("LIMIT 1001")


@pytest.mark.both_databases
def test_a_count_that_takes_too_long_is_given_up_and_the_page_says_less(staff, shop, monkeypatch):
    copy_rows(make_code(shop, "a=1"), count=3)
    monkeypatch.setattr(counting, "PATIENCE_SECONDS", 0.05)
    slow = {
        "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1e9) SELECT MAX(x) FROM n",
        "postgresql": "SELECT pg_sleep(20)",
    }[connection.vendor]

    def ask_slowly(search):
        with connection.cursor() as cursor:
            cursor.execute(slow)

    monkeypatch.setattr(Search, "history", ask_slowly)
    # to its end it would answer nothing that can be counted
    assert counting.count_codes(Search(granted=None)) is None
    monkeypatch.undo()
    assert counting.count_codes(Search(granted=None)) == 4


@pytest.mark.both_databases
def test_after_a_count_statements_may_take_their_time_again(staff, shop):
    counting.count_codes(Search(granted=None))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)


def test_only_the_database_being_slow_is_forgiven(shop, monkeypatch):
    monkeypatch.setattr(Search, "history", lambda search: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        counting.count_codes(Search(granted=None))


@pytest.mark.both_databases
@pytest.mark.parametrize("query", ["issuer=staff:anna", "issuer=door:extend&miniprogram=APPID"])
def test_issuers_come_from_an_index_in_their_order(staff, shop, query):
    for number in range(30):
        make_code(shop, f"n={number}", issued_by="staff:anna")
    with CaptureQueriesContext(connection) as queries:
        staff.get(f"/?{query}".replace("APPID", shop.appid))
    (statement,) = [each["sql"] for each in queries if "LIMIT 61" in each["sql"]]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in UNWANTED:
                cursor.execute(f"SET LOCAL enable_{way} = off")
    assert "issuer" in plan_of(statement)
    assert "B-TREE" not in plan_of(statement)


# --- nothing found, nothing there -----------------------------------------------------------------------------


def test_nothing_found_says_what_each_filter_takes_away(staff, shop):
    make_code(shop, "a=1", env_version="trial")
    make_code(shop, "a=2", env_version="trial")
    make_code(shop, "a=3", kind="limited")
    answer = staff.get("/?kind=limited&env_version=trial")
    assert 'hx-get="/codes/hints/?kind=limited&amp;env_version=trial" hx-trigger="load"' in answer.text
    hints = staff.get("/codes/hints/?kind=limited&env_version=trial").text
    found = re.findall(r'href="([^"]+)">Without “([^”]+)”</a> <span class="soft">([^<]+)<', hints)
    assert found == [("/?env_version=trial", "Kind: limited", "2"), ("/?kind=limited", "Version: trial", "1")]
    assert "No archived code matches either." in hints


def test_without_javascript_the_ways_out_are_there_without_numbers(staff, shop):
    make_code(shop, "a=1")
    text = staff.get("/?kind=limited&env_version=trial").text
    assert '<a href="/?env_version=trial">Without “Kind: limited”</a>' in text


def test_nothing_found_tells_of_archived_codes_that_match(staff, shop):
    make_code(shop, "a=1", label="Window", archived_at=timezone.now())
    hints = staff.get("/codes/hints/?q=window").text
    assert 'href="/?q=window&amp;archived=1">Show the archived code that matches</a>' in hints


def test_a_range_of_days_the_wrong_way_round_is_explained(staff, shop):
    make_code(shop, "a=1")
    text = staff.get("/?from=2026-05-03&to=2026-05-01").text
    assert "Swap the two dates" in text


def test_hints_and_counts_are_for_staff(client, db):
    for address in ("/codes/count/", "/codes/hints/"):
        assert client.get(address).status_code == 302


def test_more_cards_do_not_ask_for_the_form_again(staff, miniprogram):
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE)
    last = IssuedCode.objects.order_by("pk").first().pk + 1
    with CaptureQueriesContext(connection) as queries:
        staff.get(f"/?before={last}", headers=MORE)
    assert not [each for each in queries if "codes_tag" in each["sql"] and "LIMIT" in each["sql"]]


# --- tags and mini-programs among the words -------------------------------------------------------------------


def suggested(answer):
    """What the suggestions say, and their addresses."""
    line = re.search(r'<p class="suggestions">(.*?)</p>', answer.text, re.DOTALL)
    found = re.findall(r'<a class="chip" href="([^"]*)">(.*?)</a>', line[1] if line else "", re.DOTALL)
    return {" ".join(re.sub(r"<[^>]+>", " ", text).split()): html.unescape(address) for address, text in found}


@pytest.mark.both_databases
def test_words_that_name_a_tag_or_a_mini_program_are_suggested_as_such(staff, shop):
    codes = [make_code(shop, f"n={number}", tags=("VIP", "hall")) for number in range(2)]
    make_code(shop, "vip=1")
    for headers in ({}, {"HX-Request": "true"}):
        assert suggested(staff.get("/?q=vip", headers=headers)) == {"Tag: VIP (2)": "/?tag=VIP"}
        assert suggested(staff.get("/?q=vip+nothing", headers=headers)) == {}
    assert finds(staff, "tag=VIP", *reversed(codes))
    assert suggested(staff.get("/?q=muse")) == {"Mini-program: Museum": f"/?miniprogram={shop.appid}"}
    # other filters stay, and what finds nothing is not suggested
    assert suggested(staff.get("/?q=hall&kind=unlimited")) == {"Tag: hall (2)": "/?kind=unlimited&tag=hall"}
    assert suggested(staff.get("/?q=hall&kind=qrcode")) == suggested(staff.get("/?q=%25")) == {}
    assert suggested(staff.get("/")) == {}


def test_the_very_same_name_is_suggested_first_and_few_are(staff, shop):
    for name in ("hall", "halls", "the hall", "hall of fame", "halfway"):
        make_code(shop, f"n={name}", tags=(name,))
    assert [text.split(": ")[1] for text in suggested(staff.get("/?q=hall"))] == [
        "hall (1)",
        "halls (1)",
        "the hall (1)",
    ]


def test_nothing_of_other_mini_programs_is_suggested(shop):
    other = make_miniprogram(name="Mueller")
    make_code(other, "a=1", tags=("mine",))
    reader = enter(shop)
    assert suggested(reader.get("/?q=mu")) == {"Mini-program: Museum": f"/?miniprogram={shop.appid}"}
    assert suggested(reader.get("/?q=mine")) == {}
