"""Unknown fields and oversized bodies are refused with an explanation."""

import json

JSON = "application/json"


def post(api, **fields):
    return api.post("/api/v1/things/", json.dumps(fields), JSON)


def test_a_body_with_known_fields_is_accepted(api):
    assert post(api, scene="a", line_color={"r": 1}).status_code == 201


def test_an_unknown_field_is_named_with_the_nearest_known_one(api):
    errors = post(api, scene="a", lineColor={"r": 1}).json()["errors"]
    assert errors == {"lineColor": ["Unknown field. Did you mean “line_color”?"]}


def test_an_unknown_field_far_from_all_others_lists_those(api):
    errors = post(api, scene="a", zzz=1).json()["errors"]
    assert errors == {"zzz": ["Unknown field. Available: scene, line_color, rows."]}


def test_unknown_fields_and_other_mistakes_come_together(api):
    assert set(post(api, scene="too long", zzz=1).json()["errors"]) == {"scene", "zzz"}


def test_an_unknown_field_inside_another_has_a_dotted_name(api):
    assert set(post(api, scene="a", line_color={"r": 1, "q": 2}).json()["errors"]) == {"line_color.q"}


def test_a_read_only_field_may_come_back(api):
    assert post(api, scene="a", id=7).json() == {"scene": "a"}


def test_a_very_long_unknown_name_is_shown_shortened(api):
    (name,) = post(api, scene="a", **{"x" * 50_000: 1}).json()["errors"]
    assert name == "x" * 100


def test_half_a_character_in_a_field_name_is_answered(api):
    assert api.post("/api/v1/things/", '{"scene": "a", "\\ud800": 1}', JSON).status_code == 400


def test_a_body_of_the_allowed_size_is_read(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 14
    assert api.post("/api/v1/things/", '{"scene": "a"}', JSON).status_code == 201


def test_a_larger_body_is_refused_by_its_size(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 13
    response = api.post("/api/v1/things/", '{"scene": "a"}', JSON)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
