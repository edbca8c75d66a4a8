"""What may happen to a code later: label and tags, the archive, another picture; and what failed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from rest_framework.serializers import Serializer

from apps.codes.models import EarlierPicture, FailedAttempt, IssuedCode, LifetimePool
from apps.codes.serializers import CodeDetailOutput, CodeOutput
from apps.sandbox.metadata import read_metadata
from tests.integration.codes.rows import make_code
from tests.parts import make_api, make_miniprogram

CODE, LIMITED = "/wxa/getwxacodeunlimit", "/wxa/getwxacode"
pytestmark = pytest.mark.django_db


@pytest.fixture
def miniprogram(sandbox):
    return make_miniprogram(sandbox)


@pytest.fixture
def api(db):
    return make_api()


@pytest.fixture
def code(api, miniprogram):
    return issue(api, miniprogram, label="Window 7", tags=["hall"])


def issue(api, miniprogram, **fields):
    answer = api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "table=7", **fields}, format="json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def address(code, action=""):
    return f"/api/v1/codes/{code['id']}/{action}"


def listed(api, query=""):
    return [row["id"] for row in api.get(f"/api/v1/codes/?{query}").json()["results"]]


def test_answers_say_what_their_documented_fields_say(api, code, rf):
    """Written out for speed; REST framework's own way over the declared fields has to say the same."""
    plain = make_code(IssuedCode.objects.get().miniprogram, "table=8", label="窗", num_used=7, line_color="#0a0b0c")
    request = rf.get("/", SERVER_NAME="localhost")
    assert api.post(address(code, "reissue"), {"width": 860}, format="json").status_code == 200
    for pk in (code["id"], plain.pk):
        for asked in ({}, {"is_reused": True}, {"embed": pk == code["id"]}):
            context = {"request": request, **asked}
            row = IssuedCode.objects.with_facts().get(pk=pk)
            ours = CodeDetailOutput(row, context=context)
            declared = Serializer.to_representation(CodeDetailOutput(row, context=context), row)
            assert ours.data == declared
            assert list(ours.data) == list(declared)
            assert CodeOutput(row, context=context).data == Serializer.to_representation(
                CodeOutput(row, context=context), row
            )


# --- label and tags ------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_label_and_tags_change_and_the_search_follows(api, code):
    answer = api.patch(address(code), {"label": "Roof terrace", "tags": ["roof", "2026", "roof"]}, format="json")
    assert answer.status_code == 200
    assert (answer.json()["label"], sorted(answer.json()["tags"])) == ("Roof terrace", ["2026", "roof"])
    assert listed(api, "search=terr") == listed(api, "tag=roof") == [code["id"]]
    assert listed(api, "search=Window") == listed(api, "tag=hall") == []


def test_what_is_left_out_stays(api, code):
    assert api.patch(address(code), {"label": "Other"}, format="json").json()["tags"] == ["hall"]
    assert api.patch(address(code), {"tags": []}, format="json").json()["label"] == "Other"


def test_a_bad_change_is_explained_and_changes_nothing(api, code):
    for fields, name, message in (
        ({"label": "x" * 101}, "label", "100"),
        ({"label": 7}, "label", "quotes"),
        ({"label": "a\nb"}, "label", "line breaks"),
        ({"tags": "hall"}, "tags", "list"),
        ({"tags": [str(number) for number in range(21)]}, "tags", "20"),
        ({"lable": "x"}, "lable", "label"),
        ({"scene": "x"}, "scene", "Unknown field"),
    ):
        answer = api.patch(address(code), {"tags": ["new"], **fields}, format="json")
        assert answer.status_code == 400, fields
        assert message in str(answer.json()["errors"][name])
        assert api.get(address(code)).json()["tags"] == ["hall"], fields


# --- archive -------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_archived_code_leaves_the_lists_and_comes_back(api, code):
    for _twice in range(2):
        answer = api.post(address(code, "archive"))
        assert (answer.status_code, bool(answer.json()["archived_at"])) == (200, True)
    assert listed(api) == listed(api, "search=table") == listed(api, "tag=hall") == []
    assert listed(api, "archived=true") == listed(api, "archived=true&search=table") == [code["id"]]
    assert api.get(code["image_url"]).status_code == 200
    assert api.post(address(code, "unarchive")).json()["archived_at"] is None
    assert listed(api) == [code["id"]]


def test_an_archived_code_is_still_the_answer_to_the_same_request(sandbox, api, miniprogram, code):
    api.post(address(code, "archive"))
    again = api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "table=7"}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, code["id"])
    assert again.json()["archived_at"]
    assert sandbox.count(CODE) == 1


# --- reissue -------------------------------------------------------------------------------------------------


def test_a_reissued_code_has_another_picture_and_keeps_the_old_one(sandbox, api, code):
    first = api.get(code["image_url"]).content
    answer = api.post(address(code, "reissue"), {"width": 280, "is_hyaline": True}, format="json")
    assert answer.status_code == 200, answer.json()
    facts = answer.json()
    assert (facts["id"], facts["scene"], facts["label"], facts["tags"]) == (code["id"], "table=7", "Window 7", ["hall"])
    assert (facts["width"], facts["is_hyaline"], facts["media_type"], facts["reissues"]) == (280, True, "image/png", 1)
    second = api.get(facts["image_url"])
    assert (second["Content-Type"], read_metadata(second.content)["scene"]) == ("image/png", "table=7")
    (earlier,) = facts["earlier_pictures"]
    assert (earlier["version"], earlier["width"], earlier["replaced_by"]) == (0, 430, "client:shop")
    assert api.get(earlier["image_url"]).content == first
    assert sandbox.count(CODE) == 2


def test_only_addresses_that_name_a_picture_are_kept_for_ever_after_a_reissue(api, code):
    assert "immutable" in api.get(address(code, "image"))["Cache-Control"]
    facts = api.post(address(code, "reissue"), {"width": 300}, format="json").json()
    assert facts["image_url"] != code["image_url"]
    for url in (facts["image_url"], facts["earlier_pictures"][0]["image_url"]):
        assert "immutable" in api.get(url)["Cache-Control"]
    bare = api.get(address(code, "image"))
    assert (bare["Cache-Control"], bare["ETag"]) == ("private, no-cache", api.get(facts["image_url"])["ETag"])


def test_a_code_may_be_reissued_with_the_same_looks(api, code):
    facts = api.post(address(code, "reissue")).json()
    assert (facts["reissues"], facts["width"]) == (1, 430)
    again = api.post(address(code, "reissue"), {}, format="json").json()
    assert [picture["version"] for picture in again["earlier_pictures"]] == [1, 0]


def test_a_line_color_of_its_own_ends_the_automatic_one(api, miniprogram):
    code = issue(api, miniprogram, auto_color=True)
    facts = api.post(address(code, "reissue"), {"line_color": {"r": 1, "g": 2, "b": 3}}, format="json").json()
    assert (facts["auto_color"], facts["line_color"]) == (False, {"r": 1, "g": 2, "b": 3})


def test_a_reissue_that_would_equal_another_code_is_refused(sandbox, api, miniprogram, code):
    other = issue(api, miniprogram, width=300)
    answer = api.post(address(code, "reissue"), {"width": 300}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "same_code_exists")
    assert str(other["id"]) in answer.json()["detail"]
    assert sandbox.count(CODE) == 2


def test_a_bad_reissue_is_explained(sandbox, api, code):
    for name, value in (("width", 1), ("scene", "b"), ("line_color", "red")):
        answer = api.post(address(code, "reissue"), {name: value}, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
    assert sandbox.count(CODE) == 1


def test_a_failed_reissue_changes_nothing_and_is_remembered(sandbox, api, code):
    sandbox.fault("unpublished_page", endpoint=CODE)
    answer = api.post(address(code, "reissue"), {"width": 300}, format="json")
    assert (answer.status_code, answer.json()["errcode"]) == (422, 41030)
    facts = api.get(address(code)).json()
    assert (facts["width"], facts["reissues"], facts["earlier_pictures"]) == (430, 0, [])
    assert FailedAttempt.objects.get().errcode == 41030


def test_a_reissue_of_a_limited_code_costs_one_more_of_the_hundred_thousand(sandbox, api, miniprogram):
    body = {"appid": miniprogram.appid, "kind": "limited", "path": "pages/index/index?b=1"}
    code = api.post("/api/v1/codes/", body, format="json").json()
    facts = api.post(address(code, "reissue"), {"width": 300}, format="json").json()
    assert (facts["num_used"], facts["path"]) == (2, "pages/index/index?b=1")
    assert LifetimePool.objects.get().used == sandbox.app(miniprogram.appid)["limited_codes_used"] == 2


def test_the_square_kind_changes_only_its_width(sandbox, api, miniprogram):
    body = {"appid": miniprogram.appid, "kind": "qrcode", "path": "pages/index/index?b=1"}
    code = api.post("/api/v1/codes/", body, format="json").json()
    refused = api.post(address(code, "reissue"), {"is_hyaline": True}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["is_hyaline"])
    assert api.post(address(code, "reissue"), {"width": 300}, format="json").status_code == 200


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_reissues_at_the_same_moment_each_picture_is_counted_once(sandbox, api, miniprogram):
    code = issue(api, miniprogram)
    sandbox.latency(0.2, endpoint=CODE)

    def reissue(number):
        try:
            return api.post(address(code, "reissue"), {"width": 300 + number}, format="json").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(reissue, range(4)))
    assert set(statuses) <= {200, 409}
    row = IssuedCode.objects.get()
    assert row.reissues == statuses.count(200) == EarlierPicture.objects.count() >= 1


# --- who may -------------------------------------------------------------------------------------------------

CHANGES = [("patch", ""), ("post", "archive"), ("post", "unarchive"), ("post", "reissue")]


def test_a_code_of_another_mini_program_does_not_exist_for_a_limited_key(sandbox, code):
    limited = make_api(name="other", appids=(make_miniprogram(sandbox).appid,))
    for method, action in CHANGES:
        answer = getattr(limited, method)(address(code, action), {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), action
    assert sandbox.count(CODE) == 1


@pytest.mark.parametrize("scope", ["codes:create", "codes:read"])
def test_a_change_needs_both_scopes(sandbox, code, scope):
    half = make_api(name="half", scopes=[scope])
    for method, action in CHANGES:
        answer = getattr(half, method)(address(code, action), {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope"), action
    assert sandbox.count(CODE) == 1


def test_a_version_that_is_none_is_told(api, code):
    answers = [api.get(f"{code['image_url']}?version={version}") for version in ("1", "x", "0")]
    assert [answer.status_code for answer in answers] == [404, 400, 200]
    assert all(answer.json()["detail"] for answer in answers[:2])


# --- what failed ---------------------------------------------------------------------------------------------


def test_failed_attempts_are_listed_with_errcode_rid_and_cure(sandbox, api, miniprogram):
    sandbox.fault("unpublished_page", endpoint=CODE)
    body = {"appid": miniprogram.appid, "scene": "table=7", "page": "pages/new"}
    problem = api.post("/api/v1/codes/", body, format="json").json()
    (row,) = api.get("/api/v1/failed-attempts/").json()["results"]
    assert (row["appid"], row["scene"], row["page"]) == (miniprogram.appid, "table=7", "pages/new")
    assert (row["errcode"], row["rid"], row["code"]) == (41030, problem["rid"], problem["code"])
    assert row["advice"] == problem["advice"]
    assert row["requested_by"] == "client:shop"


def test_failed_attempts_are_filtered_and_stay_within_the_mini_programs_of_the_key(api, db):
    mine, theirs = make_miniprogram(), make_miniprogram()
    for miniprogram, errcode in ((mine, 41030), (mine, None), (theirs, 45009)):
        FailedAttempt.objects.create(
            miniprogram=miniprogram, scene="a", errcode=errcode, code="x" if errcode else "y", door="api"
        )
    limited = make_api(name="limited", appids=(mine.appid,))

    def errcodes(caller, query=""):
        return [row["errcode"] for row in caller.get(f"/api/v1/failed-attempts/?{query}").json()["results"]]

    assert errcodes(api) == [45009, None, 41030]
    assert errcodes(limited) == [None, 41030]
    assert errcodes(limited, f"appid={theirs.appid}") == []
    assert errcodes(api, "errcode=45009") == [45009]
    assert errcodes(api, "code=y") == [None]
    assert make_api(name="creator", scopes=["codes:create"]).get("/api/v1/failed-attempts/").status_code == 403


# --- external_id ---------------------------------------------------------------------------------------------


def test_each_client_has_its_own_external_ids(sandbox, miniprogram):
    one, other = make_api(name="one"), make_api(name="other")
    first = issue(one, miniprogram, external_id="order-1")
    theirs = issue(other, miniprogram, external_id="order-1", scene="table=8")
    assert first["id"] != theirs["id"]
    assert sorted(listed(one, "external_id=order-1")) == sorted([first["id"], theirs["id"]])


def test_a_client_does_not_name_the_code_of_another(sandbox, miniprogram):
    one, other = make_api(name="one"), make_api(name="other")
    code = issue(one, miniprogram)
    body = {"appid": miniprogram.appid, "scene": "table=7"}
    refused = other.post("/api/v1/codes/", {**body, "external_id": "mine"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "external_id_taken")
    assert "order" not in refused.json()["detail"]
    assert other.post("/api/v1/codes/", body, format="json").json()["id"] == code["id"]
    assert one.post("/api/v1/codes/", {**body, "external_id": "mine"}, format="json").json()["external_id"] == "mine"


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_an_external_id_asked_for_twice_at_once_goes_to_one_code(sandbox, miniprogram):
    api = make_api()
    sandbox.latency(0.2, endpoint=CODE)

    def ask(number):
        body = {"appid": miniprogram.appid, "scene": f"n={number}", "external_id": "order-1"}
        try:
            answer = api.post("/api/v1/codes/", body, format="json")
            return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(ask, range(6)))
    assert answers == [(201, None)] + [(409, "external_id_taken")] * 5
    assert IssuedCode.objects.filter(external_id="order-1").count() == IssuedCode.objects.count() == 1


@pytest.mark.both_databases
def test_a_name_taken_between_look_and_write_is_a_conflict(monkeypatch, miniprogram):
    from apps.clients.services import create_client
    from apps.codes import services
    from apps.codes.requests import Issuer, code_request

    client, _key = create_client(name="one", scopes=["codes:create"])
    make_code(miniprogram, "b", client=client, external_id="order-1")
    code = make_code(miniprogram, "a", client=client)
    looks = []
    real = services._refuse_taken_external_id
    monkeypatch.setattr(
        services,
        "_refuse_taken_external_id",
        lambda *args, **more: looks.append(1) if not looks else real(*args, **more),
    )
    with pytest.raises(services.ExternalIdTaken):
        services.adopt_external_id(
            code, code_request(miniprogram, scene="a", external_id="order-1"), Issuer("client:one", client_id=client.pk)
        )
