"""What the JSON parser takes, and how it says what it does not take."""

import json

import pytest

from tests.parts import make_api, make_miniprogram

JSON = "application/json"
CASES = [
    ('{"scene": "a", "scene": "b"}', ["“scene”", "twice", "once"]),
    ('{"line_color": {"r": 1, "r": 2}}', ["“r”", "twice"]),
    ('{"width": 1e400}', ["1e400", "too large"]),
    ('{"width": NaN}', ["NaN", "not JSON"]),
    ('{"width": -Infinity}', ["-Infinity"]),
    (f'{{"width": {"9" * 5000}}}', ["thousands of digits"]),
    ('{"scene": "a",}', ["line 1", "column", "comma"]),
    (b'{"scene": "\xff"}', ["byte 11", "utf-8"]),
    (f'{{"{"n" * 150}": 1, "{"n" * 150}": 2}}', [f"“{'n' * 100}”"]),
    ("[" * 100_000, ["nested"]),
]


@pytest.fixture
def api(db):
    return make_api()


@pytest.mark.parametrize(("body", "words"), CASES)
def test_a_malformed_body_is_told_in_words_without_pythons_own(api, body, words):
    answer = api.post("/api/v1/codes/", body, content_type=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "malformed_json")
    text = f"{problem['detail']} {problem.get('advice', '')}"
    assert all(word in text for word in words), text
    assert not any(word in text for word in ("sys.", "codec", "utf-8-sig", "ValueError"))


@pytest.mark.parametrize(
    ("body", "kind"), [([1], "an array"), ("x", "a string"), (7, "a number"), (True, "true or false")]
)
def test_another_kind_of_json_is_called_by_its_name(api, body, kind):
    problem = api.post("/api/v1/codes/", json.dumps(body), content_type=JSON).json()
    assert problem["status"] == 400 and f"not {kind}" in problem["detail"]


@pytest.mark.parametrize(
    ("fields", "named"), [({"width": 1.5}, "width"), ({"kind": 7}, "kind"), ({"page": "p" * 2_000}, "page")]
)
def test_a_value_of_the_wrong_sort_is_named(api, fields, named):
    problem = api.post("/api/v1/codes/", {"appid": "wx1", "scene": "a", **fields}, "json").json()
    assert problem["status"] == 400 and named in problem["errors"]


def test_a_number_is_no_token(api):
    appid = make_miniprogram().appid
    problem = api.post(f"/api/v1/miniprograms/{appid}/access-token/refresh/", {"rejected": 7}, "json").json()
    assert (problem["status"], problem["errors"]) == (400, {"rejected": ["Use a string, in quotes."]})


def test_a_byte_order_mark_is_forgiven(api):
    problem = api.post("/api/v1/codes/", b"\xef\xbb\xbf" + b'{"scene": "a"}', content_type=JSON).json()
    assert set(problem["errors"]) == {"appid"}


def test_the_charset_of_the_content_type_counts(api):
    body = '{"kind": "桌"}'.encode("gb18030")
    problem = api.post("/api/v1/codes/", body, content_type=f"{JSON}; charset=gb18030").json()
    assert "桌" in json.dumps(problem, ensure_ascii=False)
