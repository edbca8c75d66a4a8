"""Every refusal of a request for a code names the field, the rule, the value and the cure; all of them at once."""

import pytest

from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
CASES = [
    ({}, "scene", ["scene of 1 to 32"]),
    ({"appid": 7, "scene": "a"}, "appid", ["7", "string"]),
    ({"appid": None, "scene": "a"}, "appid", ["Enter the appid"]),
    ({"scene": None}, "scene", ["scene of 1 to 32"]),
    ({"appid": "", "scene": "a"}, "appid", ["Enter the appid"]),
    ({"scene": 7}, "scene", ["7", "string, in quotes"]),
    ({"scene": "a" * 35}, "scene", ["3 characters too long", "35", "32", "short ID"]),
    ({"scene": "a", "kind": "unlimitd"}, "kind", ['"unlimitd"', "one of unlimited, limited, qrcode"]),
    ({"scene": "a", "kind": "qrcod"}, "kind", ["one of qrcode, unlimited, limited"]),
    ({"scene": "a", "env_version": "beta"}, "env_version", ['"beta"', "release, trial, develop"]),
    ({"scene": "a", "env_version": "Release"}, "env_version", ['"Release"', "one of release"]),
    ({"scene": "a", "width": "430"}, "width", ['"430"', "whole number, without quotes"]),
    ({"scene": "a", "width": 1}, "width", ["not 1", "280 to 1280"]),
    ({"scene": "a", "width": 0}, "width", ["0 pixels"]),
    ({"scene": "a", "check_path": "false"}, "check_path", ['"false"', "without quotes"]),
    ({"scene": "a", "is_hyaline": 1}, "is_hyaline", ["1", "true or false"]),
    ({"scene": "a", "line_color": "#ff0000"}, "line_color", ["#ff0000", '{"r": 0']),
    ({"scene": "a", "line_color": {"r": 300, "g": "x", "b": 0}}, "line_color", ["r: use", "300", "g: use", '"x"']),
    ({"scene": "a", "line_color": {"r": 1, "g": 1}}, "line_color", ["b: use a number", "null"]),
    ({"scene": "a", "line_color": {"r": 1, "g": 1, "b": 0.5}}, "line_color", ["b: use a number", "0.5"]),
    ({"scene": "a", "line_color": {"r": 1, "g": 1, "b": 1, "a": 1}}, "line_color", ["Remove a"]),
    ({"scene": "a", "label": "x" * 120}, "label", ["120", "limit is 100"]),
    ({"scene": "a", "label": "a\nb"}, "label", ["line breaks"]),
    ({"scene": "a", "external_id": "x" * 101}, "external_id", ["101", "limit is 100"]),
    ({"scene": "a", "external_id": "a\tb"}, "external_id", ["invisible"]),
    ({"scene": "a\0b"}, "scene", [r"a\u0000b", "U+0000", "U+0000. Remove"]),
    ({"scene": "a", "tags": "a,b"}, "tags", ['"a,b"', "list of strings"]),
    ({"scene": "a", "tags": [str(number) for number in range(25)]}, "tags", ["At most 20"]),
    ({"scene": "a", "tags": ["ok", "x" * 60]}, "tags.1", ["60", "limit is 50"]),
    ({"scene": "a", "tags": [""]}, "tags.0", ["empty"]),
    ({"scene": "a", "page": "p" * 1030}, "page", ["6 characters too long", "1024"]),
    ({"scene": "a", "page": "/pages/a"}, "page", ["leading slash", "pages/a"]),
    ({"scene": "a", "path": "pages/a"}, "path", ["unlimited", "page", "scene"]),
    ({"scene": "a", "lable": "x"}, "lable", ["Unknown field", "“label”"]),
    ({"scene": "a", "line_colour": {}}, "line_colour", ["“line_color”"]),
    ({"scence": "a"}, "scence", ["“scene”"]),
    ({"scene": "a", "zzz": 1}, "zzz", ["Available: appid, kind, scene"]),
]


@pytest.fixture
def miniprogram(db):
    return make_miniprogram()


def refuse(miniprogram, body):
    answer = make_api().post("/api/v1/codes/", {"appid": miniprogram.appid, **body}, format="json")
    assert answer.status_code == 400, answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


@pytest.mark.parametrize(("body", "field", "words"), CASES)
def test_a_refusal_names_field_rule_value_and_cure(miniprogram, body, field, words):
    problem = refuse(miniprogram, body)
    text = " ".join(problem["errors"][field])
    assert all(word in text for word in words), text
    assert problem["detail"].startswith(tuple(problem["errors"]))


def test_all_problems_are_told_at_once(miniprogram):
    problem = refuse(
        miniprogram,
        {
            "scene": "桌" * 40,
            "page": "/a?b",
            "width": 5,
            "check_path": 0,
            "lable": "x",
            "tags": [7],
            "kind": "unlimited",
        },
    )
    assert set(problem["errors"]) == {"scene", "page", "width", "check_path", "lable", "tags.0"}
    assert len(problem["errors"]["page"]) == 2
    assert "more, see errors" in problem["detail"]


def test_all_problems_of_another_kind_are_told_at_once(miniprogram):
    problem = refuse(miniprogram, {"kind": "qrcode", "path": "a" * 200, "scene": "a", "is_hyaline": True, "colour": 1})
    assert set(problem["errors"]) == {"path", "scene", "is_hyaline", "colour"}


@pytest.mark.parametrize("body", [[1], "x", 7, None])
def test_a_body_that_is_no_object_is_told(body):
    answer = make_api().post("/api/v1/codes/", body, format="json")
    assert answer.status_code == 400
    assert "JSON object" in answer.json()["detail"] or "scene" in answer.json()["errors"]


def test_a_long_value_is_shown_in_part(miniprogram):
    (text,) = refuse(miniprogram, {"scene": "a", "width": "9" * 5000})["errors"]["width"]
    assert len(text) < 120


def test_half_a_character_is_refused_and_answered(miniprogram):
    body = f'{{"appid": "{miniprogram.appid}", "scene": "a", "label": "\\ud800", "kind": "\\udfff"}}'
    answer = make_api().post("/api/v1/codes/", body, content_type="application/json")
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"label", "kind"})
