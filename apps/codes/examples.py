"""Examples of codes for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema_serializer

from apps.codes.serializers import (
    ChangeInput,
    CodeDetailOutput,
    CodeInput,
    CodeOutput,
    FailedAttemptOutput,
    ReissueInput,
)

CODE: dict[str, Any] = {
    "id": 1042,
    "appid": "wx0123456789abcdef",
    "kind": "unlimited",
    "scene": "table=7",
    "page": "pages/index/index",
    "path": None,
    "env_version": "release",
    "check_path": True,
    "width": 430,
    "auto_color": False,
    "line_color": {"r": 0, "g": 0, "b": 0},
    "is_hyaline": False,
    "label": "Table 7",
    "tags": ["hall"],
    "external_id": "table-7",
    "num_used": None,
    "media_type": "image/jpeg",
    "image_size": 34012,
    "image_width": 430,
    "image_url": "https://wxcode.example.com/api/v1/codes/1042/image",
    "client": "shop-frontend",
    "issued_by": "client:shop-frontend",
    "door": "api",
    "issued_at": "2026-11-21T12:00:00+08:00",
    "archived_at": None,
}
EARLIER_PICTURE: dict[str, Any] = {
    "version": 0,
    "width": 430,
    "auto_color": False,
    "line_color": {"r": 0, "g": 0, "b": 0},
    "is_hyaline": False,
    "media_type": "image/jpeg",
    "image_size": 34012,
    "image_width": 430,
    "image_url": "https://wxcode.example.com/api/v1/codes/1042/image?version=0",
    "replaced_at": "2026-11-21T15:30:00+08:00",
    "replaced_by": "client:shop-backend",
}
REISSUED: dict[str, Any] = CODE | {
    "width": 1280,
    "image_size": 118204,
    "image_width": 1280,
    "image_url": "https://wxcode.example.com/api/v1/codes/1042/image?version=1",
    "reissues": 1,
    "earlier_pictures": [EARLIER_PICTURE],
}
FAILED_ATTEMPT: dict[str, Any] = {
    "id": 77,
    "at": "2026-11-21T12:00:00+08:00",
    "appid": "wx0123456789abcdef",
    "kind": "unlimited",
    "scene": "table=7",
    "page": "pages/menu/menu",
    "env_version": "release",
    "requested_by": "client:shop-frontend",
    "door": "api",
    "code": "wechat_rejected_input",
    "errcode": 41030,
    "rid": "6920a1c0-5d1f2a7e-0c1b9f33",
    "detail": "WeChat refused: invalid page.",
    "advice": "Publish the page first, or set check_path to false.",
    "took_ms": 184,
}
# What a page gets with a publishable key. The stored code may be another client's: its label, tags and issuer are
# nobody's business who reads a page.
PAGE_FIELDS = {
    "id": "integer",
    "appid": "string",
    "kind": "string",
    "scene": "string",
    "page": "string",
    "media_type": "string",
    "image_width": "integer",
    "image_data": "string",
    "is_reused": "boolean",
}
PICTURE = "data:image/jpeg;base64,/9j/4AAQSkZJRg=="
REQUESTS = {
    "A table in a restaurant": {"appid": "wx0123456789abcdef", "scene": "table=7", "page": "pages/index/index"},
    "A transparent blue code for a poster": {
        "appid": "wx0123456789abcdef",
        "scene": "a=1&b=2",
        "width": 1280,
        "line_color": {"r": 0, "g": 110, "b": 255},
        "is_hyaline": True,
        "label": "Poster",
        "tags": ["spring"],
        "external_id": "poster-12",
    },
    "One of the 100,000 limited codes": {
        "appid": "wx0123456789abcdef",
        "kind": "limited",
        "path": "pages/index/index?table=7",
    },
}

extend_schema_serializer(examples=[OpenApiExample("A code", value=CODE, response_only=True)])(CodeOutput)
extend_schema_serializer(
    examples=[OpenApiExample(name, value=value, request_only=True) for name, value in REQUESTS.items()]
)(CodeInput)
extend_schema_serializer(
    examples=[OpenApiExample("A code with a regenerated image", value=REISSUED, response_only=True)]
)(CodeDetailOutput)
extend_schema_serializer(
    examples=[OpenApiExample("A new name", value={"label": "Table 7, window", "tags": ["hall"]}, request_only=True)]
)(ChangeInput)
extend_schema_serializer(examples=[OpenApiExample("A larger image", value={"width": 1280}, request_only=True)])(
    ReissueInput
)
extend_schema_serializer(examples=[OpenApiExample("A page not published", value=FAILED_ATTEMPT, response_only=True)])(
    FailedAttemptOutput
)


def issued_answer(description: str, *, is_reused: bool) -> OpenApiResponse:
    """What `POST codes/` answers as JSON: the whole code, or to a publishable key what a page needs of it."""
    code = CODE | {"is_reused": is_reused}
    known = code | {"image_data": PICTURE}
    for_pages = {
        "type": "object",
        "title": "For a publishable key",
        "required": list(PAGE_FIELDS),
        "properties": {name: {"type": kind} for name, kind in PAGE_FIELDS.items()},
    }
    return OpenApiResponse(
        {"anyOf": [{"$ref": "#/components/schemas/CodeOutput"}, for_pages]},
        description=description,
        examples=[
            OpenApiExample("A code", value=code),
            OpenApiExample("For a publishable key", value={name: known[name] for name in PAGE_FIELDS}),
        ],
    )
