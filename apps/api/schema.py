"""What the OpenAPI document says beyond drf-spectacular: problems and authentication."""

import re
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from apps.api.examples import as_media_examples
from apps.api.problems import MEDIA_TYPE
from apps.api.summaries import SUMMARIES

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Branch on `code`, show `detail`, follow `advice`.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "example": "urn:wxcode:problem:invalid_request"},
        "title": {"type": "string", "description": "The kind of problem in words."},
        "status": {"type": "integer", "example": 400},
        "detail": {"type": "string", "description": "What happened this time."},
        "code": {"type": "string", "example": "invalid_request", "description": "Stable, machine-readable code."},
        "errors": {
            "type": "object",
            "description": "Messages per field of the request; nested fields are dotted.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "errcode": {"type": "integer", "description": "WeChat’s errcode, if WeChat rejected the call."},
        "rid": {"type": "string", "description": "WeChat’s request ID, for its support."},
        "advice": {"type": "string", "description": "How to fix it."},
    },
}

ALWAYS = {
    "400": "The request is not valid; `errors` contains the fields or parameters and the reasons.",
    "401": "No API key, or one that is unknown, revoked or expired (`not_authenticated`, `invalid_key`).",
    "403": "The key lacks the scope, the mini-program, the network or the origin (`missing_scope`, "
    "`miniprogram_not_granted`, `network_not_allowed`, `origin_not_allowed`).",
    "406": "None of the types in `Accept` is available.",
    "429": "Too many requests; `Retry-After` contains the number of seconds to wait.",
    "503": "Busy or temporarily unavailable; `Retry-After` contains the number of seconds to wait.",
}
WITH_ID = {"404": "Not found, or not visible to this key."}
WITH_BODY = {
    "404": "No such mini-program.",
    "409": "Conflicts with existing data, or the same request is still being processed.",
    "411": "The body has no Content-Length and is longer than 2.5 MB.",
    "413": "The body is too large.",
    "415": "Unsupported Content-Type.",
    "422": "WeChat rejected the input (`errcode`), or the Idempotency-Key was already used for a different request.",
}
WITH_WECHAT = {
    "409": "Conflicts with existing data, or a lifetime quota of WeChat is used up.",
    "502": "WeChat could not be reached or returned an unusable response; with `errcode` and `rid` if known.",
    "504": "WeChat did not answer in time.",
}


FIRST_SENTENCE = re.compile(r"(?<=[.:])\s|\n\n")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description=(
        "A unique value for each new request, for example a UUID. Repeating a request with the "
        "same value within a day creates nothing twice."
    ),
)
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
RATE_LIMIT = {
    "X-RateLimit-Limit": {"schema": {"type": "integer"}, "description": "Requests per minute, if the key is limited."},
    "X-RateLimit-Remaining": {"schema": {"type": "integer"}, "description": "Remaining requests."},
    "X-RateLimit-Reset": {"schema": {"type": "integer"}, "description": "Seconds until another request is possible."},
}
HEADERS = {"429": RETRY_AFTER | RATE_LIMIT, "503": RETRY_AFTER}


def summarize(operation: dict[str, Any]) -> None:
    """Adds the line beside the address on the docs page, and drops a description that says no more than it does."""
    first, *rest = FIRST_SENTENCE.split(operation.get("description", "").strip(), maxsplit=1)
    summary = SUMMARIES.get(operation["operationId"], first.rstrip(".:"))
    if summary:
        operation["summary"] = str(summary)
    if not rest:
        operation.pop("description", None)


class ProblemSchema(AutoSchema):
    """Adds the problem answers to every operation."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        summarize(operation)
        for parameter in operation.get("parameters", []):
            # as forms send a field that was left empty: it counts as left out
            if parameter["in"] == "query":
                parameter["allowEmptyValue"] = True
        responses = operation.setdefault("responses", {})
        problem = self._problem_component()
        for status, description in self._problems(operation).items():
            content = {"schema": problem.ref, "examples": as_media_examples(status, f"{self.method} {self.path}")}
            answer: dict[str, Any] = {"description": description, "content": {MEDIA_TYPE: content}}
            if status in HEADERS:
                answer["headers"] = HEADERS[status]
            responses.setdefault(status, answer)
        for status, answer in responses.items():
            if status.startswith("2"):
                answer.setdefault("headers", {}).update(RATE_LIMIT)
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        """A serializer's `optional_fields` are those that an answer may leave out."""
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        optional = getattr(serializer, "optional_fields", ())
        if optional and "required" in schema:
            schema["required"] = [name for name in schema["required"] if name not in optional]
        return schema

    def _problems(self, operation: dict[str, Any]) -> dict[str, str]:
        found = dict(ALWAYS)
        if self.method != "GET":
            found |= WITH_WECHAT
        if "requestBody" in operation:
            found |= WITH_BODY
        if "{" in self.path:
            found |= WITH_ID
        return found

    def _problem_component(self) -> ResolvedComponent:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM_SCHEMA
        )
        self.registry.register_on_missing(component)
        return component


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two headers in which an API key may come; either is enough."""

    target_class = "apps.clients.authentication.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer wxc_…"},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


class StaffSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie of a signed-in member of staff."""

    target_class = "apps.clients.authentication.StaffSessionAuthentication"
    name = "staffSession"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "Staff signed in at /admin/ or /login/; unsafe methods need X-CSRFToken as well.",
        }
