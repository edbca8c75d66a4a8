"""POST codes/: one call to WeChat for equal requests, the picture before the row, nothing kept of failures."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from PIL import Image

from apps.codes.models import IssuedCode
from apps.sandbox.metadata import read_metadata
from tests.parts import make_api, make_miniprogram

CODE = "/wxa/getwxacodeunlimit"
pytestmark = pytest.mark.django_db


@pytest.fixture
def miniprogram(sandbox):
    return make_miniprogram(sandbox)


def issue(api, miniprogram, **fields):
    headers = fields.pop("headers", {})
    query = fields.pop("query", "")
    body = {"appid": miniprogram.appid, "scene": "table=7", **fields}
    return api.post(f"/api/v1/codes/{query}", body, format="json", headers=headers)


def test_a_new_code_is_201_and_its_picture_is_stored(sandbox, miniprogram):
    answer = issue(make_api(), miniprogram, page="pages/index/index", label="Table 7", tags=["hall"])
    assert answer.status_code == 201
    facts = answer.json()
    assert facts["appid"] == miniprogram.appid
    assert (facts["scene"], facts["page"], facts["label"], facts["tags"]) == (
        "table=7",
        "pages/index/index",
        "Table 7",
        ["hall"],
    )
    code = IssuedCode.objects.get(pk=facts["id"])
    with default_storage.open(code.image) as file:
        content = file.read()
    assert len(content) == code.image_size
    assert Image.open(io.BytesIO(content)).size == (430, 430)
    assert read_metadata(content)["scene"] == "table=7"


def test_the_same_request_again_is_200_and_costs_nothing(sandbox, miniprogram):
    api = make_api()
    first, again = issue(api, miniprogram), issue(api, miniprogram)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert (first["X-Code-Reused"], again["X-Code-Reused"]) == ("false", "true")
    assert sandbox.count(CODE) == 1


def test_another_parameter_is_another_code(sandbox, miniprogram):
    api = make_api()
    changes = [
        {},
        {"scene": "table=8"},
        {"page": "pages/detail/detail"},
        {"width": 280},
        {"is_hyaline": True},
        {"line_color": {"r": 1, "g": 0, "b": 0}},
        {"check_path": False},
        {"env_version": "trial"},
    ]
    ids = [issue(api, miniprogram, **change).json()["id"] for change in changes]
    assert len(set(ids)) == len(changes)


def test_a_colour_as_digits_is_the_same_request_as_one_in_numbers(sandbox, miniprogram):
    api = make_api()
    first = issue(api, miniprogram, line_color={"r": 1, "g": 2, "b": 3})
    assert issue(api, miniprogram, line_color={"r": "1", "g": "2", "b": "3"}).json()["id"] == first.json()["id"]


@pytest.mark.parametrize("accept", ["text/plain", "application/octet-stream", "application/xml", "", "image/webp"])
def test_the_address_of_a_picture_answers_it_whatever_is_accepted(sandbox, miniprogram, accept):
    api = make_api()
    code = api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "a"}, format="json").json()
    answer = api.get(code["image_url"], headers={"accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")


def test_an_empty_accept_asks_for_nothing(db):
    assert make_api().get("/api/v1/codes/", headers={"accept": ""}).status_code == 200


def test_the_picture_itself_is_answered_when_asked_for(sandbox, miniprogram):
    answer = issue(make_api(), miniprogram, headers={"accept": "image/*"})
    assert (answer.status_code, answer["Content-Type"]) == (201, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert IssuedCode.objects.get(pk=answer["X-Code-Id"]).image_size == len(answer.content)


def test_a_transparent_code_is_a_png(sandbox, miniprogram):
    answer = issue(make_api(), miniprogram, is_hyaline=True, headers={"accept": "image/png"})
    assert answer["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).mode == "RGBA"


def test_a_data_url_is_embedded_when_asked_for(sandbox, miniprogram):
    facts = issue(make_api(), miniprogram, query="?embed=data_url").json()
    assert facts["image_data"].startswith("data:image/jpeg;base64,/9j/")


def test_defaults_of_the_mini_program_are_used_and_told(sandbox):
    miniprogram = make_miniprogram(sandbox, default_page="pages/detail/detail")
    assert issue(make_api(), miniprogram).json()["page"] == "pages/detail/detail"


def test_a_trial_code_is_not_checked_against_released_pages(sandbox, miniprogram):
    answer = issue(make_api(), miniprogram, env_version="trial", page="pages/new/new")
    assert (answer.status_code, answer.json()["check_path"]) == (201, False)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_fifty_identical_requests_at_once_make_one_call(sandbox, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    api = make_api()
    sandbox.latency(0.2, endpoint=CODE)

    def ask(_number):
        try:
            return issue(api, miniprogram).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        statuses = sorted(pool.map(ask, range(50)))
    assert statuses == [200] * 49 + [201]
    assert sandbox.count(CODE) == 1
    assert IssuedCode.objects.count() == 1


BAD = [
    ({"scene": "a" * 35}, "3 characters too long"),
    ({"scene": "桌=7"}, "Not allowed in scene: '桌' at 1."),
    ({"scene": "a%20b"}, "not URL-encoded"),
    ({"scene": ""}, "1 to 32"),
    ({"page": "/pages/index/index"}, "Remove the leading slash"),
    ({"page": "pages/index/index?a=1"}, "use the scene instead"),
    ({"width": 200}, "from 280 to 1280"),
    ({"width": "430"}, "whole number"),
    ({"is_hyaline": 1}, "true or false"),
    ({"line_color": {"r": 300, "g": 0, "b": 0}}, "0 to 255"),
    ({"env_version": "beta"}, "beta"),
    ({"scene": "scancode_time=1"}, "scancode_time"),
    ({"scence": "x"}, "scene"),
]


def test_bad_input_is_explained_before_wechat_is_asked(sandbox, miniprogram):
    api, wrong = make_api(), []
    for fields, message in BAD:
        answer = issue(api, miniprogram, **fields)
        texts = [text for texts in answer.json().get("errors", {}).values() for text in texts]
        is_problem = answer["Content-Type"] == "application/problem+json"
        if answer.status_code != 400 or not is_problem or not any(message in text for text in texts):
            wrong.append((fields, answer.status_code, texts))
    assert not wrong
    assert sandbox.count(CODE) == 0


def test_several_problems_are_told_at_once(sandbox, miniprogram):
    errors = issue(make_api(), miniprogram, scene="桌 7", page="/a", width=1).json()["errors"]
    assert set(errors) == {"scene", "page", "width"}
    assert len(errors["scene"]) == 1


WRONG_CHARACTERS = [
    (
        "靠窗桌=7",
        (
            "Not allowed in scene: '靠' at 1, '窗' at 2, '桌' at 3. Use a short ID instead of Chinese or other "
            "non-ASCII text. "
        ),
    ),
    (
        "a b%20c d",
        "Not allowed in scene: ' ' at 2/8, '%' at 4. Send the text as it is, not URL-encoded. Use - or _",
    ),
    ("%a%b%c%d", "Not allowed in scene: '%' at 1/3/5/…. Send the text as it is, not URL-encoded. Allowed: 0-9"),
    ("一二三四五六七", "'五' at 5 and 2 more. "),
    ("a\tb", r"'\u0009' at 2."),
    ("<>", "Not allowed in scene: '<' at 1, '>' at 2. Allowed: 0-9 A-Z a-z"),
]


def test_wrong_characters_are_named_with_their_places_in_one_sentence(miniprogram):
    api = make_api()
    messages = [issue(api, miniprogram, scene=scene).json()["errors"]["scene"] for scene, _told in WRONG_CHARACTERS]
    assert [len(each) for each in messages] == [1] * len(WRONG_CHARACTERS)
    assert not [each for each, (_scene, told) in zip(messages, WRONG_CHARACTERS, strict=True) if told not in each[0]]


def test_a_wrong_secret_shows_its_cure(sandbox, miniprogram):
    sandbox.register(miniprogram.appid, "another secret")
    problem = issue(make_api(), miniprogram).json()
    assert (problem["code"], problem["errcode"]) == ("wechat_refused_credentials", 40125)
    assert "AppSecret" in problem["advice"]


def test_an_address_that_is_not_allowed_is_shown(sandbox, miniprogram):
    sandbox.fault("ip_not_allowed", endpoint="/cgi-bin/stable_token")
    problem = issue(make_api(), miniprogram).json()
    assert problem["errcode"] == 40164
    assert "127.0.0.1" in problem["detail"]


@pytest.mark.parametrize("fault", ["expired_token", "invalid_token"])
def test_a_token_rejected_once_is_replaced_and_the_code_comes(sandbox, miniprogram, fault):
    sandbox.fault(fault, endpoint=CODE, times=1)
    assert issue(make_api(), miniprogram).status_code == 201
    assert sandbox.count(CODE) == 2


def test_a_token_rejected_for_ever_costs_two_calls_and_one_refresh(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    sandbox.fault("invalid_token", endpoint=CODE)
    api = make_api()
    problem = issue(api, miniprogram).json()
    assert (problem["status"], problem["code"], problem["errcode"]) == (502, "token_rejected", 40001)
    assert sandbox.count(CODE) == 2
    assert sandbox.count("/cgi-bin/token") == 2
    for _ in range(20):
        issue(api, miniprogram)
    assert sandbox.count("/cgi-bin/token") == 2


def test_an_unknown_mini_program_is_404(db):
    answer = make_api().post("/api/v1/codes/", {"appid": "wx" + "0" * 16, "scene": "a"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, "miniprogram_unknown")


def test_a_key_for_other_mini_programs_is_refused(sandbox, miniprogram):
    other = make_miniprogram(sandbox)
    answer = issue(make_api(appids=(other.appid,)), miniprogram)
    assert (answer.status_code, answer.json()["code"]) == (403, "miniprogram_not_granted")


def test_an_inactive_mini_program_issues_nothing(sandbox, miniprogram):
    miniprogram.is_active = False
    miniprogram.save()
    answer = issue(make_api(), miniprogram)
    assert (answer.status_code, answer.json()["code"]) == (409, "miniprogram_inactive")


def test_an_external_id_names_one_code(sandbox, miniprogram):
    api = make_api()
    assert issue(api, miniprogram, external_id="order-1").status_code == 201
    assert issue(api, miniprogram, external_id="order-1").status_code == 200
    conflict = issue(api, miniprogram, external_id="order-1", scene="table=8")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "external_id_taken")
    assert issue(api, miniprogram, external_id="order-2").status_code == 409


def test_a_full_disk_is_told_and_nothing_is_stored(sandbox, miniprogram, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    answer = issue(make_api(), miniprogram)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert not IssuedCode.objects.exists()


def test_a_database_that_is_away_is_503_and_the_next_try_succeeds(sandbox, miniprogram):
    def fail(execute, sql, params, many, context):
        raise OperationalError("server closed the connection unexpectedly")

    api = make_api()
    assert issue(api, miniprogram, scene="warm=1").status_code == 201
    with connection.execute_wrapper(fail):
        refused = issue(api, miniprogram)
    assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
    assert refused["Retry-After"] == "2"
    assert "server closed" not in refused.content.decode()
    assert issue(api, miniprogram).status_code == 201
