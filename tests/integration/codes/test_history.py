"""GET codes/: newest first, page by page, filtered, with the same number of queries however many rows."""

import io

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from apps.codes.models import Door, IssuedCode, Tag
from apps.codes.requests import code_request, digest
from tests.parts import make_api, make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def miniprogram(db):
    return make_miniprogram()


def make_code(miniprogram, scene: str, *, tags: tuple[str, ...] = (), **fields) -> IssuedCode:
    request = code_request(miniprogram, scene=scene)
    code = IssuedCode(
        miniprogram=miniprogram,
        scene=scene,
        check_path=True,
        digest=digest(request),
        image="codes/none.jpg",
        image_sha256="0" * 64,
        image_size=1,
        image_width=430,
        media_type="image/jpeg",
        issued_by="client:test",
        door=Door.API,
        **{"env_version": "release", **fields},
    )
    code.fill_search_text()
    code.save()
    code.tags.set([Tag.objects.get_or_create(name=name)[0] for name in tags])
    return code


def scenes(answer) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [row["scene"] for row in answer.json()["results"]]


def test_the_history_comes_newest_first_page_by_page(miniprogram):
    for number in range(5):
        make_code(miniprogram, f"n={number}")
    api = make_api()
    first = api.get("/api/v1/codes/?limit=3")
    assert scenes(first) == ["n=4", "n=3", "n=2"]
    make_code(miniprogram, "n=5")
    assert scenes(api.get(first.json()["next"])) == ["n=1", "n=0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("scene=table%3D1", ["table=1"]),
        ("search=TABLE", ["table=2", "table=1"]),
        ("search=hall+2", ["table=2"]),
        ("tag=hall", ["table=1"]),
        ("env_version=trial", ["door=9"]),
        ("page=pages/door", ["door=9"]),
        ("page=/", ["table=2", "table=1"]),
        ("page=/&tag=hall", ["table=1"]),
        ("external_id=x-1", ["door=9"]),
        ("archived=true", ["old=1"]),
        ("issued_before=2020-01-02T00:00:00Z", ["table=1"]),
        ("issued_after=2020-01-02T00:00:00Z", ["door=9", "table=2"]),
        ("kind=unlimited", ["door=9", "table=2", "table=1"]),
        ("client=nobody", []),
    ],
)
def test_filters(miniprogram, query, expected):
    long_ago = timezone.datetime(2020, 1, 1, tzinfo=timezone.get_current_timezone())
    make_code(miniprogram, "table=1", tags=("hall",), issued_at=long_ago)
    make_code(miniprogram, "table=2", label="Hall, table 2")
    make_code(miniprogram, "door=9", env_version="trial", page="pages/door", external_id="x-1")
    make_code(miniprogram, "old=1", archived_at=timezone.now())
    assert scenes(make_api().get(f"/api/v1/codes/?{query}")) == expected


def test_a_filter_that_makes_no_sense_is_told(db):
    answer = make_api().get("/api/v1/codes/?kind=round&issued_after=yesterday")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"kind", "issued_after"}


def test_a_limited_key_sees_its_mini_programs_only(miniprogram):
    other = make_miniprogram()
    make_code(miniprogram, "mine"), make_code(other, "theirs")
    api = make_api(appids=(miniprogram.appid,))
    assert scenes(api.get("/api/v1/codes/")) == ["mine"]
    hidden = IssuedCode.objects.get(scene="theirs")
    assert api.get(f"/api/v1/codes/{hidden.pk}/").status_code == 404
    assert api.get(f"/api/v1/codes/{hidden.pk}/image").status_code == 404


def test_the_list_makes_the_same_queries_for_2_and_for_40_codes(miniprogram):
    from django.db import connection

    api = make_api()
    counts = []
    for wanted in (2, 40):
        for number in range(IssuedCode.objects.count(), wanted):
            make_code(miniprogram, f"n={number}", tags=("a", "b"))
        api.get("/api/v1/codes/")
        with CaptureQueriesContext(connection) as queries:
            assert len(scenes(api.get("/api/v1/codes/"))) == wanted
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 3


def issue(api, miniprogram, **fields):
    answer = api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "a=1", **fields}, format="json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_the_picture_has_type_etag_and_immutable_caching(sandbox):
    api = make_api()
    code = issue(api, make_miniprogram(sandbox))
    answer = api.get(code["image_url"])
    assert answer["Content-Type"] == "image/jpeg"
    assert "immutable" in answer["Cache-Control"]
    assert len(answer.content) == code["image_size"]
    again = api.get(code["image_url"], headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Type" not in again


@pytest.mark.parametrize(
    ("asked", "status"), [("W/{0}", 304), ('"x", {0}', 304), ("*", 304), ('"x"', 200), ("{0}x", 200), ("", 200)]
)
def test_a_picture_that_the_browser_has_is_not_sent_again(sandbox, asked, status):
    api = make_api()
    address = issue(api, make_miniprogram(sandbox))["image_url"]
    asked = asked.format(api.get(address)["ETag"])
    assert api.get(address, headers={"if-none-match": asked}).status_code == status


def test_a_smaller_copy_is_made_once_and_has_its_own_etag(sandbox):
    api = make_api()
    code = issue(api, make_miniprogram(sandbox))
    original, small = api.get(code["image_url"]), api.get(f"{code['image_url']}?width=160")
    assert Image.open(io.BytesIO(small.content)).size == (160, 160)
    assert len(small.content) < 10_000
    assert small["ETag"] != original["ETag"]
    assert api.get(f"{code['image_url']}?width=160").content == small.content


def test_a_width_that_is_not_kept_is_told(sandbox):
    api = make_api()
    code = issue(api, make_miniprogram(sandbox))
    answer = api.get(f"{code['image_url']}?width=161")
    assert (answer.status_code, "160" in answer.json()["errors"]["width"][0]) == (400, True)


def test_a_download_has_a_safe_name(sandbox):
    api = make_api()
    code = issue(api, make_miniprogram(sandbox), label="桌 7 / ../etc")
    disposition = api.get(f"{code['image_url']}?download=1")["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert "/" not in disposition.replace("UTF-8''", "")
    assert f"-{code['id']}.jpg" in disposition


def test_a_picture_whose_file_is_gone_is_told(miniprogram):
    code = make_code(miniprogram, "a")
    answer = make_api().get(f"/api/v1/codes/{code.pk}/image")
    assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")


def test_the_mini_programs_of_a_key_are_listed_with_health_and_without_secrets(sandbox):
    mine, _other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    api = make_api(appids=(mine.appid,))
    issue(api, mine)
    (row,) = api.get("/api/v1/miniprograms/").json()
    assert (row["appid"], row["token_state"]) == (mine.appid, "fresh")
    assert not any("secret" in name for name in row)
