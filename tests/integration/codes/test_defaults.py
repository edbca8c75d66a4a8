"""Defaults per mini-program, what a mini-program has for its life, and equal requests however they are spelled."""

import pytest

from apps.codes.bulk import insert_codes
from apps.codes.models import LifetimePool, UncheckedPage
from apps.sandbox.metadata import read_metadata
from apps.wechat.types import UNCHECKED_PAGES
from tests.integration.codes.rows import new_code
from tests.parts import make_api, make_miniprogram

CODE = "/wxa/getwxacodeunlimit"
pytestmark = pytest.mark.django_db
LOOKS = {"width": 640, "line_color": "#0b7a45", "is_hyaline": True}
GREEN = {"r": 11, "g": 122, "b": 69}


@pytest.fixture
def api(db):
    return make_api()


def issue(api, miniprogram, status=201, **fields):
    body = {"appid": miniprogram.appid, "scene": "table=7", **fields}
    body = {name: value for name, value in body.items() if value is not None}
    answer = api.post("/api/v1/codes/", body, format="json")
    assert answer.status_code == status, answer.json()
    return answer.json()


def test_what_a_request_leaves_out_is_the_mini_programs_and_the_answer_tells_it(sandbox, api):
    miniprogram = make_miniprogram(sandbox, default_page="pages/detail/detail", **LOOKS)
    told = issue(api, miniprogram)
    drawn = read_metadata(api.get(told["image_url"]).content)
    assert (told["page"], told["env_version"], told["check_path"]) == ("pages/detail/detail", "release", True)
    assert (told["width"], told["line_color"], told["is_hyaline"], told["auto_color"]) == (640, GREEN, True, False)
    assert (told["media_type"], told["image_width"], drawn["page"]) == ("image/png", 640, "pages/detail/detail")


def test_what_a_request_says_counts(sandbox, api):
    miniprogram = make_miniprogram(sandbox, **LOOKS)
    told = issue(api, miniprogram, width=300, is_hyaline=False, line_color={"r": 1, "g": 2, "b": 3})
    assert (told["width"], told["is_hyaline"], told["line_color"]) == (300, False, {"r": 1, "g": 2, "b": 3})


def test_a_colour_asked_for_by_name_counts_where_wechat_chooses_by_default(sandbox, api):
    miniprogram = make_miniprogram(sandbox, auto_color=True)
    assert issue(api, miniprogram)["auto_color"] is True
    told = issue(api, miniprogram, line_color=GREEN)
    assert (told["auto_color"], told["line_color"]) == (False, GREEN)


@pytest.mark.parametrize(
    ("default", "asked", "check_path", "used"),
    [
        ("release", None, None, True),
        ("release", "trial", None, False),
        ("release", "develop", None, False),
        ("release", "trial", True, True),
        ("trial", None, None, False),
        ("trial", None, True, True),
        ("trial", "release", None, True),
    ],
)
def test_only_released_versions_are_checked_unless_told_otherwise(sandbox, api, default, asked, check_path, used):
    miniprogram = make_miniprogram(sandbox, env_version=default, check_path=True)
    assert issue(api, miniprogram, env_version=asked, check_path=check_path)["check_path"] is used


def test_the_other_kinds_have_the_looks_that_wechat_knows_of_them(sandbox, api):
    miniprogram = make_miniprogram(sandbox, env_version="trial", **LOOKS)
    path = {"scene": None, "path": "pages/index/index?a=1"}
    limited, square = (issue(api, miniprogram, kind=kind, **path) for kind in ("limited", "qrcode"))
    assert (limited["width"], limited["line_color"], limited["env_version"]) == (640, GREEN, "trial")
    assert (square["width"], square["is_hyaline"], square["env_version"]) == (640, False, "release")


def test_the_doors_of_wechats_own_shape_keep_wechats_defaults_but_for_the_page(sandbox):
    from apps.codes.requests import code_request
    from apps.gateway.bodies import read_unlimited

    miniprogram = make_miniprogram(sandbox, default_page="pages/detail/detail", env_version="trial", **LOOKS)
    request = code_request(miniprogram, **read_unlimited(b'{"scene": "a"}'))
    assert (request.width, request.is_hyaline, request.env_version) == (430, False, "release")
    assert request.page == "pages/detail/detail"


SPELLINGS = [
    {},
    {"kind": "unlimited"},
    {"page": "pages/index/index"},
    {"env_version": "release", "check_path": True},
    {"width": 640},
    {"line_color": GREEN},
    {"line_color": {"r": "11", "g": "122", "b": "69"}},
    {"line_color": {"r": "011", "g": "122", "b": 69}, "auto_color": False},
    {"is_hyaline": True, "label": "another label", "tags": ["a"]},
    {"page": "", "env_version": "", "kind": "", "path": ""},
    {"width": 640.0, "line_color": {"r": 11.0, "g": 122, "b": 69}},
    {"line_color": {"r": "", "g": "", "b": None}},
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_same_request_is_the_same_code_however_it_is_spelled(sandbox, api, spelling):
    miniprogram = make_miniprogram(sandbox, default_page="pages/index/index", **LOOKS)
    first = issue(api, miniprogram)
    assert issue(api, miniprogram, status=200, **spelling)["id"] == first["id"]
    assert sandbox.count(CODE) == 1


NAMES = ("kind", "page", "path", "env_version", "check_path", "width", "auto_color", "line_color", "is_hyaline")
NAMES += ("label", "tags", "external_id")


def test_null_is_as_if_it_were_left_out(sandbox, api):
    miniprogram = make_miniprogram(sandbox, default_page="pages/index/index", **LOOKS)
    first = issue(api, miniprogram)
    body = {"appid": miniprogram.appid, "scene": "table=7", **dict.fromkeys(NAMES)}
    again = api.post("/api/v1/codes/", body, format="json")
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    place = f"/api/v1/codes/{first['id']}/"
    assert api.patch(place, {"label": "new", "tags": None}, format="json").json()["label"] == "new"
    assert api.patch(place, {"label": None, "tags": ["a"]}, format="json").json()["label"] == "new"
    looks = {"width": 300, "line_color": None, "auto_color": None, "is_hyaline": None}
    told = api.post(f"{place}reissue", looks, format="json").json()
    assert (told["width"], told["line_color"], told["is_hyaline"]) == (300, GREEN, True)


@pytest.mark.parametrize("kind", ["limited", "qrcode"])
def test_the_same_path_is_the_same_code_however_it_is_spelled(sandbox, api, kind):
    miniprogram = make_miniprogram(sandbox, **LOOKS)
    body = {"kind": kind, "scene": "", "page": "", "path": "pages/index/index?a=1"}
    first = issue(api, miniprogram, **body)
    looks = {"line_color": {"r": "11", "g": 122, "b": "069"}, "env_version": "release"} if kind == "limited" else {}
    again = issue(api, miniprogram, status=200, **body, width=640, **looks)
    assert again["id"] == first["id"]
    assert sandbox.app(miniprogram.appid)["limited_codes_used"] == 1


def test_a_colour_that_wechat_ignores_makes_no_other_code(sandbox, api):
    miniprogram = make_miniprogram(sandbox)
    first = issue(api, miniprogram, auto_color=True)
    assert issue(api, miniprogram, status=200, auto_color=True, line_color=GREEN)["id"] == first["id"]


# --- the pages that WeChat does not check --------------------------------------------------------------------


def used_pages(api, miniprogram):
    (row,) = [row for row in api.get("/api/v1/miniprograms/").json() if row["appid"] == miniprogram.appid]
    return row["unchecked_pages"]


def test_different_pages_with_check_path_off_are_counted_once_each(sandbox, api):
    miniprogram, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    for scene, page in (("a", "pages/a"), ("b", "pages/a"), ("c", "pages/b"), ("d", "")):
        issue(api, miniprogram, scene=scene, page=page, check_path=False)
    issue(api, miniprogram, page="pages/index/index")
    issue(api, other, page="pages/a", check_path=False)
    assert used_pages(api, miniprogram) == {
        "limit": 60_000,
        "used": 2,
        "uncertain": 0,
        "left": 59_998,
        "is_warning": False,
    }
    assert used_pages(api, other)["used"] == 1


def test_pages_of_a_batch_are_counted_too(api):
    miniprogram = make_miniprogram()
    codes = [new_code(miniprogram, f"n={number}", page=f"pages/{number % 3}", check_path=False) for number in range(9)]
    insert_codes(codes, tags={})
    insert_codes(codes[:2], tags={})
    assert used_pages(api, miniprogram)["used"] == UncheckedPage.objects.count() == 3


def test_eighty_percent_of_the_pages_are_warned_about(sandbox, api, admin_client, caplog, monkeypatch):
    miniprogram = make_miniprogram(sandbox)
    monkeypatch.setattr("apps.codes.models.pools.UNCHECKED_PAGES", 5)
    for number in range(3):
        issue(api, miniprogram, scene=f"n={number}", page=f"pages/{number}", check_path=False)
    assert not used_pages(api, miniprogram)["is_warning"] and "check_path off" not in caplog.text
    issue(api, miniprogram, page="pages/4", check_path=False)
    assert used_pages(api, miniprogram)["is_warning"] and "check_path off" in caplog.text
    assert "Put the variable part into scene" in admin_client.get("/admin/codes/lifetimepool/").text
    assert str(UNCHECKED_PAGES) in admin_client.get("/admin/codes/lifetimepool/").text


def test_a_mini_program_without_limited_codes_has_all_of_them_left(api):
    make_miniprogram()
    (row,) = api.get("/api/v1/miniprograms/").json()
    assert row["limited_codes"] == {
        "limit": 100_000,
        "used": 0,
        "uncertain": 0,
        "left": 100_000,
        "is_warning": False,
    }
    assert row["line_color"] == {"r": 0, "g": 0, "b": 0}


def test_the_pool_of_limited_codes_is_shown_with_lost_answers(api):
    miniprogram = make_miniprogram()
    LifetimePool.objects.create(miniprogram=miniprogram, used=80_000, uncertain=3)
    (row,) = api.get("/api/v1/miniprograms/").json()
    assert row["limited_codes"]["left"] == 19_997
    assert row["limited_codes"]["is_warning"] is True
