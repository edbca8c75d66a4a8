"""The cards: what they say, how they are found, how many queries they cost."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.codes.models import IssuedCode
from apps.gallery.browsing import PAGE_SIZE
from apps.miniprograms.models import MiniProgram
from tests.integration.gallery.staff import copy_rows, issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
MORE = {"HX-Request": "true", "HX-Target": "more"}


def shown(answer):
    """The ids of the cards, in their order."""
    return [int(pk) for pk in re.findall(r'<h2><a href="/codes/(\d+)/["?]', answer.text)]


def older_address(answer):
    found = re.search(r'id="more">\s*<a class="[^"]+" href="([^"]+)"', answer.text)
    return found and found[1].replace("&amp;", "&")


def test_without_any_mini_program_an_operator_is_led_to_the_form(staff):
    text = staff.get("/").text
    assert "Add your first mini-program" in text
    assert 'href="/admin/miniprograms/miniprogram/add/"' in text


def test_without_a_code_the_page_teaches_how_to_make_one(staff, miniprogram):
    text = staff.get("/").text
    assert "Create your first code" in text
    assert "http://testserver/api/v1/codes/" in text
    assert miniprogram.appid in text


def test_nothing_found_is_another_page_than_nothing_there(staff, miniprogram):
    issue(miniprogram, "a=1")
    text = staff.get("/?q=elephant").text
    assert "Nothing found for “elephant”" in text
    assert "Create your first code" not in text


def test_a_card_says_everything(staff, miniprogram):
    code = issue(miniprogram, "table=7", label="By the window", by="client:till", env_version="trial")
    IssuedCode.objects.update(issued_at=dt.datetime(2026, 5, 3, 4, 5, tzinfo=dt.UTC))
    text = staff.get("/").text
    for fact in ("By the window", "table=7", "Lantern Tea House", "pages/index/index", ">trial<", ">unlimited<"):
        assert fact in text
    assert "2026-05-03 12:05" in text
    assert "till · API" in text
    assert f'src="/codes/{code.pk}/picture?width=160"' in text
    assert 'width="160" height="160"' in text


def test_kind_and_version_are_words_of_the_readers_language(staff, miniprogram):
    code = issue(miniprogram, "a=1", env_version="trial", check_path=False)
    for address in ("/", f"/codes/{code.pk}/", "/?env_version=trial"):
        text = staff.get(address, headers={"Accept-Language": "zh-hans"}).text
        assert "体验版</span>" in text
        assert ">trial<" not in text
        assert ">unlimited<" not in text
    assert "不限制</span>" in staff.get(f"/codes/{code.pk}/", headers={"Accept-Language": "zh-hans"}).text


def test_a_card_says_what_differs_from_the_rule_and_nothing_else(staff, miniprogram):
    issue(miniprogram, "a=1")
    MiniProgram.objects.update(is_sandbox=False)
    assert 'class="badges"' not in staff.get("/").text
    IssuedCode.objects.update(env_version="trial", kind="limited")
    MiniProgram.objects.update(is_sandbox=True)
    badges = re.search(r'<p class="badges">(.*?)</p>', staff.get("/").text)[1]
    assert re.findall(r">([^<>]+)<", badges.replace("> <", "><")) == ["trial", "limited", "sandbox"]


def test_times_are_those_of_the_readers_browser(staff, miniprogram):
    issue(miniprogram, "a=1")
    IssuedCode.objects.update(issued_at=dt.datetime(2026, 5, 3, 4, 5, tzinfo=dt.UTC))
    staff.cookies["wxcode_timezone"] = "America%2FNew_York"
    assert "2026-05-03 00:05" in staff.get("/").text
    assert timezone.get_current_timezone_name() == "Asia/Shanghai"


@pytest.mark.parametrize("name", ["Nowhere%2FNothing", "..%2F..%2Fetc%2Fpasswd", ""])
def test_an_unknown_time_zone_is_the_default_one(staff, miniprogram, name):
    issue(miniprogram, "a=1")
    IssuedCode.objects.update(issued_at=dt.datetime(2026, 5, 3, 4, 5, tzinfo=dt.UTC))
    staff.cookies["wxcode_timezone"] = name
    assert "2026-05-03 12:05" in staff.get("/").text


def test_what_people_typed_is_never_markup(staff, miniprogram):
    issue(miniprogram, "a=1", label="<script>alert(1)</script>")
    assert "<script>alert" not in staff.get("/").text
    assert "&lt;script&gt;alert(1)" in staff.get("/").text


@pytest.mark.both_databases
def test_pages_follow_each_other_without_gap_or_repetition(staff, miniprogram):
    copy_rows(issue(miniprogram, "a=1"), count=2 * PAGE_SIZE)
    seen, address = [], "/"
    while address:
        answer = staff.get(address)
        seen += shown(answer)
        address = older_address(answer)
    assert seen == list(IssuedCode.objects.order_by("-pk").values_list("pk", flat=True))


def test_the_last_page_offers_no_more(staff, miniprogram):
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE - 1)
    answer = staff.get("/")
    assert (len(shown(answer)), older_address(answer)) == (PAGE_SIZE, None)


def test_load_more_answers_only_cards(staff, miniprogram):
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE)
    address = older_address(staff.get("/"))
    answer = staff.get(address, headers=MORE)
    assert "<html" not in answer.text
    assert shown(answer) == shown(staff.get(address))


@pytest.mark.parametrize("words", ["table", "TABLE=7", "window by", "index", "7 terrace"])
def test_words_are_found_in_scene_label_and_page(staff, miniprogram, words):
    wanted = issue(miniprogram, "table=7", label="Terrace by the window")
    issue(miniprogram, "x=1", page="pages/detail/detail")
    assert shown(staff.get("/", {"q": words})) == [wanted.pk]


def test_one_mini_program_can_be_chosen(staff, sandbox, miniprogram):
    issue(miniprogram, "a=1")
    other = issue(make_miniprogram(sandbox, name="Museum"), "a=1")
    answer = staff.get("/", {"miniprogram": other.miniprogram.appid})
    assert shown(answer) == [other.pk]
    assert f'value="{other.miniprogram.appid}" selected' in answer.text


def test_the_search_stays_while_paging(staff, miniprogram):
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE + 1)
    assert "q=copy" in older_address(staff.get("/?q=copy"))


def test_a_search_while_typing_puts_its_address_into_the_bar(staff, miniprogram):
    issue(miniprogram, "a=1")
    answer = staff.get("/?q=a%3D1&miniprogram=", headers={"HX-Request": "true"})
    assert answer["HX-Replace-Url"] == "/?q=a%3D1"


def test_archived_codes_are_not_shown(staff, miniprogram):
    issue(miniprogram, "a=1")
    IssuedCode.objects.update(archived_at=timezone.now())
    assert shown(staff.get("/")) == []


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=" + "9" * 40, "q=%00", "miniprogram=%00", "before=²"]
)
def test_a_senseless_address_still_answers(staff, miniprogram, query):
    code = issue(miniprogram, "a=1")
    answer = staff.get(f"/?{query}")
    assert (answer.status_code, shown(answer)) == (200, [code.pk])


def test_the_number_of_queries_does_not_depend_on_the_rows(staff, sandbox, miniprogram):
    code = issue(miniprogram, "a=1", tags=("hall",))
    with CaptureQueriesContext(connection) as few:
        staff.get("/")
    copy_rows(code, count=PAGE_SIZE)
    for number in range(3):
        issue(make_miniprogram(sandbox), f"b={number}", tags=("hall", f"t{number}"))
    with CaptureQueriesContext(connection) as many:
        staff.get("/")
    assert MiniProgram.objects.count() == 4
    # session, account, its second factor, its rights, its notices
    assert len(many) == len(few) <= 13


@pytest.mark.both_databases
def test_nothing_is_counted_and_no_row_is_skipped_over(staff, miniprogram):
    copy_rows(issue(miniprogram, "a=1"), count=PAGE_SIZE)
    with CaptureQueriesContext(connection) as queries:
        staff.get("/?q=copy&before=50")
    # OFFSET 0 skips nothing, it guides PostgreSQL's planner
    statements = [query["sql"].replace(" OFFSET 0)", ")") for query in queries]
    assert not [sql for sql in statements if "COUNT(" in sql or "OFFSET" in sql]
