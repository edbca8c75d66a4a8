"""The OpenAPI document describes problems and keys, and says in the reader's language what each operation does."""

import re
from typing import Any

import pytest
from django.urls import path
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.described import find_descriptions
from apps.api.summaries import SUMMARIES


class Thing(serializers.Serializer):
    scene = serializers.CharField()


class ThingView(APIView):
    required_scopes = {"GET": "codes:read", "POST": "codes:create"}

    @extend_schema(responses=Thing)
    def get(self, request: Any, **kwargs: Any) -> Response:
        return Response()

    @extend_schema(request=Thing, responses={201: Thing, 409: Thing})
    def post(self, request: Any, **kwargs: Any) -> Response:
        return Response()


@pytest.fixture(scope="module")
def schema():
    patterns = [path("api/v1/things/", ThingView.as_view()), path("api/v1/things/<int:id>/", ThingView.as_view())]
    return SchemaGenerator(patterns=patterns).get_schema(public=True)


def statuses(schema, address, method):
    return set(schema["paths"][address][method]["responses"])


def test_every_operation_may_answer_with_the_common_problems(schema):
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert {"400", "401", "403", "429", "503"} <= set(operation["responses"])


def test_only_operations_on_one_thing_may_miss_it(schema):
    assert "404" in statuses(schema, "/api/v1/things/{id}/", "get")
    assert "404" not in statuses(schema, "/api/v1/things/", "get")


def test_problems_share_one_component(schema):
    responses = schema["paths"]["/api/v1/things/"]["post"]["responses"]
    for status in ("401", "503"):
        assert set(responses[status]["content"]) == {"application/problem+json"}
        found = responses[status]["content"]["application/problem+json"]["schema"]
        assert found == {"$ref": "#/components/schemas/Problem"}
    assert schema["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail", "code"]


def test_what_a_view_says_itself_is_kept(schema):
    assert (
        "$ref"
        in schema["paths"]["/api/v1/things/"]["post"]["responses"]["409"]["content"]["application/json"]["schema"]
    )


def test_operations_are_tagged_by_their_first_word(schema):
    assert schema["paths"]["/api/v1/things/{id}/"]["get"]["tags"] == ["things"]


def test_the_key_may_come_in_either_header_or_staff_in_a_session(schema):
    schemes = schema["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["apiKey"]["name"] == "X-API-Key"
    assert schema["paths"]["/api/v1/things/"]["get"]["security"] == [
        {"bearer": []},
        {"apiKey": []},
        {"staffSession": []},
    ]


def test_the_schema_is_open_to_everybody(api):
    response = api.get("/api/schema/")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/vnd.oai.openapi")


def test_every_operation_says_on_one_line_what_it_does(document):
    lines = [operation["summary"] for path in document["paths"].values() for operation in path.values()]
    assert len(lines) > 20
    assert [line for line in lines if "\n" in line or not 3 < len(line) <= 110] == []


def test_every_operation_and_tag_says_so_in_chinese_too(document):
    with override("zh-hans"):
        chinese = SchemaGenerator().get_schema(public=True)
    operations = [operation for path in chinese["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} == set(SUMMARIES)
    texts = [operation["summary"] for operation in operations]
    texts += [tag["description"] for tag in chinese["tags"]] + [chinese["info"]["description"]]
    assert [text for text in texts if text.isascii()] == []
    used = {tag for operation in operations for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"] if tag["description"]}


def test_no_description_is_a_note_for_developers(document):
    assert "Serializer" not in str(document)


def test_every_description_of_the_document_is_in_the_language_of_the_reader():
    def told(language: str) -> list[str]:
        with override(language):
            return list(find_descriptions(SchemaGenerator().get_schema(public=True)))

    english, chinese = told("en"), told("zh-hans")
    same = {each for each in chinese if not re.search("[\u4e00-\u9fff]", each)}
    assert len(chinese) > 200 and same == {"Authorization: Bearer wxc_…"}
    # what the documents share is not translated for good
    assert told("en") == english
    assert not [each for each in english if re.search("[\u4e00-\u9fff]", each)]
