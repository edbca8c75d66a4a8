"""Every request and every answer of the OpenAPI document has an example that fits its schema."""

from typing import Any

import jsonschema_rs

from apps.api.examples import PROBLEM_EXAMPLES
from apps.api.rarer_examples import RARER
from apps.errors import WxcodeError

JSON_TYPES = ("application/json", "application/problem+json")


def codes_of(kind: type[WxcodeError], *, only: str = "") -> dict[str, set[int]]:
    found: dict[str, set[int]] = {kind.code: {kind.http_status}} if kind.__module__.startswith(only) else {}
    for each in kind.__subclasses__():
        for code, statuses in codes_of(each, only=only).items():
            found.setdefault(code, set()).update(statuses)
    return found


def with_nulls(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(node, list):
        return [with_nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: with_nulls(value) for name, value in node.items()}
    return {"anyOf": [plain, {"type": "null"}]} if plain.pop("nullable", False) else plain


def contents(document: Any) -> Any:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{where} {media_type}", media_type, content
            for status, response in operation["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    yield f"{where} {status} {media_type}", media_type, content


def test_every_json_has_examples_that_fit(document):
    components = with_nulls(document["components"])
    seen = 0
    for where, media_type, content in contents(document):
        if media_type not in JSON_TYPES:
            continue
        assert content.get("examples"), where
        validator = jsonschema_rs.validator_for({**with_nulls(content["schema"]), "components": components})
        for name, example in content["examples"].items():
            mistakes = [str(error) for error in validator.iter_errors(example["value"])]
            assert not mistakes, (where, name, mistakes)
            seen += 1
    assert seen > 150


def test_what_is_no_json_says_that_it_is_a_file(document):
    for where, media_type, content in contents(document):
        if media_type not in (*JSON_TYPES, "multipart/form-data"):
            assert content["schema"] == {"type": "string", "format": "binary"}, where


def test_the_problems_are_ones_that_wxcode_says():
    known = codes_of(WxcodeError)
    examples = [(int(status), problem) for status, problems in PROBLEM_EXAMPLES.items() for problem in problems]
    assert not [problem for status, problem in examples if problem["status"] != status]
    assert not [problem for status, problem in examples if status not in known[problem["code"]]]


# below other addresses, or only the class that others are kinds of
NOT_BELOW_V1 = {
    "conflict",
    "internal_error",
    "metrics_closed",
    "no_default_miniprogram",
    "right_missing",
    "too_many_codes",
    "too_much_at_once",
    "unavailable",
    "upload_gone",
}
# no operation that the document lists answers with it
OF_NO_OPERATION = {"method_not_allowed"}


def test_every_error_has_an_example_with_its_status(document):
    shown: dict[str, set[int]] = {}
    for _where, media_type, content in contents(document):
        if media_type == "application/problem+json":
            for code, example in content["examples"].items():
                shown.setdefault(code, set()).add(example["value"]["status"])
    for _places, example in RARER:
        assert example["code"] in shown, f"{example['code']} is shown by no operation"
    # kinds that tests made have no place in the document
    ours = codes_of(WxcodeError, only="apps.").keys()
    assert ours - NOT_BELOW_V1 - OF_NO_OPERATION <= set(shown)
    known = codes_of(WxcodeError)
    assert [code for code, statuses in shown.items() if not statuses <= known[code]] == []
