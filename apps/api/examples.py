"""Real problem documents per status, for the OpenAPI document; the tests hold their codes to the errors that exist."""

from typing import Any

from apps.api.rarer_examples import problem, rarer_examples

NO_FIELD = "Unknown field. Did you mean “scene”?"
PROBLEM_EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "400": [
        problem(
            400,
            "invalid_request",
            "The request is not valid",
            f"scen: {NO_FIELD}",
            errors={"scen": [NO_FIELD]},
        )
    ],
    "401": [
        problem(
            401,
            "invalid_key",
            "The API key is not valid",
            "The API key is unknown, revoked or expired.",
            advice="Ask an operator for a new key.",
        )
    ],
    "403": [
        problem(
            403,
            "missing_scope",
            "The API key lacks a scope",
            "This needs the scope codes:create, which the API key does not have.",
            advice="An operator can add it to the key in the admin, under API clients.",
        ),
        problem(
            403,
            "origin_not_allowed",
            "Not allowed from this origin",
            "This API key is not allowed on pages from https://shop.example.com.",
            advice="An operator can add the origin to the key in the admin.",
        ),
    ],
    "404": [
        problem(
            404,
            "miniprogram_unknown",
            "Unknown mini-program",
            "No mini-program with the appid wx0123456789abcdef is registered here.",
            advice="Check the spelling, or ask an operator to add it in the admin.",
        )
    ],
    "409": [
        problem(
            409,
            "idempotency_in_progress",
            "The first request is still running",
            "A request with this Idempotency-Key is still being processed.",
            advice="Send the same request again after 2 s to get the result of the first one.",
        )
    ],
    "411": [
        problem(
            411,
            "length_required",
            "Content-Length needed",
            "The body has no Content-Length and is longer than wxcode reads without one.",
            advice="Send it with Content-Length instead of Transfer-Encoding: chunked.",
        )
    ],
    "413": [problem(413, "body_too_large", "The body is too large", "The request body is too large.")],
    "415": [
        problem(
            415,
            "unsupported_media_type",
            "Unsupported media type",
            "Unsupported media type “text/plain” in request.",
            advice="Send Content-Type: application/json.",
        )
    ],
    "422": [
        problem(
            422,
            "wechat_rejected_input",
            "WeChat rejected the input",
            "The page is not in the released version of the mini-program.",
            errcode=41030,
            rid="61725984-6126f6f9-040f19c4",
            advice="Publish the page first, or send check_path: false.",
        ),
        problem(
            422,
            "idempotency_key_reused",
            "The Idempotency-Key belongs to another request",
            "This Idempotency-Key was already used for a different request.",
            advice="Use a new key for each new request; to retry, send the same key and the same content.",
        ),
    ],
    "429": [
        problem(
            429,
            "rate_limit_exceeded",
            "Rate limit exceeded",
            "This API key has used its 120 requests for this minute.",
            advice="Retry after 17 s. An operator can raise the limit in the admin.",
        ),
        problem(
            429,
            "too_many_requests",
            "Too many requests",
            "The call limit for this minute is reached.",
            advice="Repeat the request after 4 s.",
        ),
    ],
    "502": [
        problem(
            502,
            "wechat_unreachable",
            "WeChat could not be reached",
            "A gateway in front of WeChat returned HTTP 502.",
            advice="Try again in a moment.",
        )
    ],
    "503": [
        problem(
            503,
            "redis_unavailable",
            "Redis is not responding",
            "wxcode can’t reach Redis, which its processes use to coordinate.",
            advice="Try again in a few seconds. Operators: see /readyz and REDIS_URL.",
        )
    ],
    "504": [
        problem(
            504,
            "wechat_timeout",
            "WeChat did not respond in time",
            "WeChat did not answer within 15 s.",
            advice="Try again: the same request is the same code.",
        )
    ],
}


def as_media_examples(status: str, operation: str) -> dict[str, Any]:
    """The `examples` of a response of `operation` (its method and path), by code."""
    found = [*PROBLEM_EXAMPLES.get(status, []), *rarer_examples(status, operation)]
    return {each["code"]: {"value": each} for each in found}
