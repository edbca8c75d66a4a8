"""Lists are newest first and can be walked in both directions while rows arrive."""

import base64

import pytest

from apps.miniprograms.models import MiniProgram

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    return [add(number) for number in range(5)]


def add(number):
    return MiniProgram.objects.create(appid=f"wx{number:016x}", name=f"n{number}", secret_ref="env:SECRET")


def page(api, address="/api/v1/list/?limit=2"):
    return api.get(address).json()


def test_a_page_has_three_parts_in_order(api, rows):
    assert list(page(api)) == ["next", "previous", "results"]


def test_the_newest_come_first(api, rows):
    assert page(api)["results"] == ["n4", "n3"]


def test_next_leads_to_the_end_and_previous_back(api, rows):
    second = page(api, page(api)["next"])
    last = page(api, second["next"])
    assert (second["results"], last["results"], last["next"]) == (["n2", "n1"], ["n0"], None)
    assert page(api, last["previous"])["results"] == ["n2", "n1"]


def test_a_new_row_does_not_shift_the_next_page(api, rows):
    following = page(api)["next"]
    add(5)
    assert page(api, following)["results"] == ["n2", "n1"]


def test_fifty_come_unless_told(api):
    for number in range(51):
        add(number)
    assert len(page(api, "/api/v1/list/")["results"]) == 50
    assert len(page(api, "/api/v1/list/?limit=200")["results"]) == 51


def test_two_hundred_come_at_most(api):
    MiniProgram.objects.bulk_create(
        MiniProgram(appid=f"wx{number:016x}", name="n", secret_ref="env:S") for number in range(201)
    )
    assert len(page(api, "/api/v1/list/?limit=200")["results"]) == 200


@pytest.mark.parametrize("limit", ["201", "1000", "9" * 5000])
def test_a_limit_of_more_is_refused_and_not_cut(api, limit):
    problem = page(api, f"/api/v1/list/?limit={limit}")
    assert (problem["code"], list(problem["errors"])) == ("invalid_request", ["limit"])
    (message,) = problem["errors"]["limit"]
    assert limit[:20] in message and "1 to 200" in message and "`next`" in message


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", "２"])
def test_a_limit_that_is_no_number_is_refused(api, limit):
    problem = page(api, f"/api/v1/list/?limit={limit}")
    assert (problem["code"], list(problem["errors"])) == ("invalid_request", ["limit"])


def cursor(text):
    return base64.b64encode(text.encode()).decode()


FOREIGN = ["x", "ü", "%00", cursor("p=abc"), cursor("p=1%00"), cursor("o=-1"), cursor("o=x"), cursor("r=x")]


@pytest.mark.parametrize("value", FOREIGN)
def test_a_cursor_of_another_make_is_refused(api, rows, value):
    response = api.get("/api/v1/list/", {"cursor": value})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_a_position_beyond_every_row_begins_at_the_newest(api, rows):
    assert page(api, f"/api/v1/list/?cursor={cursor('p=9999999999999999999')}")["results"] == [
        "n4",
        "n3",
        "n2",
        "n1",
        "n0",
    ]


def test_a_page_costs_one_query(api, rows, django_assert_num_queries):
    with django_assert_num_queries(1):
        page(api)
