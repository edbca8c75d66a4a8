"""Problem documents that only some operations answer with, and which: for the OpenAPI document, beside examples.py."""

from typing import Any

WAIT_2 = "Try again in a few seconds."


def problem(status: int, code: str, title: str, detail: str, **facts: Any) -> dict[str, Any]:
    return {
        "type": f"urn:wxcode:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **facts,
    }


NO_PARAMETER = "There is no such parameter: this address takes none."
NEAR_PARAMETER = "There is no such parameter. Did you mean “limit”?"
ISSUING = ("POST /api/v1/codes/",)
LISTS = ("GET /api/v1/codes/", "GET /api/v1/batches/", "GET /api/v1/failed-attempts/")
BATCHES = ("POST /api/v1/batches/",)
REISSUE = ("POST /api/v1/codes/{id}/reissue",)
DRAWN = (*ISSUING, *REISSUE)
TOKENS = ("access-token",)
ASKING_WECHAT = (*DRAWN, *TOKENS)
BODIES = ("POST ", "PATCH ")
WITHOUT_BODY = ("GET ", "/archive", "/unarchive", "/pause", "/resume", "/cancel")
EVERYWHERE = ("",)

# where (a part of the operation's method and path), and what
RARER: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (
        WITHOUT_BODY,
        problem(
            400,
            "invalid_request",
            "The request is not valid",
            f"page_no: {NO_PARAMETER}",
            errors={"page_no": [NO_PARAMETER]},
        ),
    ),
    (
        LISTS,
        problem(
            400,
            "invalid_request",
            "The request is not valid",
            f"limt: {NEAR_PARAMETER}",
            errors={"limt": [NEAR_PARAMETER]},
        ),
    ),
    (
        LISTS,
        problem(
            400,
            "invalid_cursor",
            "The cursor is not valid",
            "This cursor does not belong to this list.",
            advice="Take the address from `next` or `previous`, or leave `cursor` out to begin at the newest.",
        ),
    ),
    (
        BODIES,
        problem(
            400,
            "malformed_json",
            "The body is not valid JSON",
            "Not JSON at line 1, column 2: Expecting property name enclosed in double quotes.",
            advice="Names and texts stand in double quotes; no comma follows the last value.",
        ),
    ),
    (
        BATCHES,
        problem(
            400,
            "rows_invalid",
            "Some rows are not valid",
            "1 of 2 rows is not valid.",
            errors={"rows.2.scene": ["A code needs a scene of 1 to 32 characters."]},
        ),
    ),
    (
        BATCHES,
        problem(
            400,
            "unreadable_input",
            "The rows cannot be read",
            "This is not a text in UTF-8 or GB18030.",
            advice="Save the table as “CSV UTF-8”, or upload it as XLSX.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            401,
            "not_authenticated",
            "Authentication needed",
            "This needs an API key.",
            advice="Send it as Authorization: Bearer <key> or as X-API-Key: <key>.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            403,
            "network_not_allowed",
            "Not allowed from this network",
            "This API key may not be used from 203.0.113.7.",
            advice="An operator can add the address to the networks of the key in the admin.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            403,
            "publishable_key_refused",
            "Not with a publishable key",
            "A publishable key may only ask for unlimited codes, with POST /api/v1/codes/.",
            advice="Call this from your server, with a secret key (wxc_…).",
        ),
    ),
    (
        (*ISSUING, *BATCHES, *TOKENS),
        problem(
            403,
            "miniprogram_not_granted",
            "Not granted for this mini-program",
            "This API key may not use the mini-program wx0123456789abcdef.",
            advice="An operator can add it to the key in the admin, under API clients.",
        ),
    ),
    (BODIES, problem(403, "permission_denied", "Not allowed", "You may not do this.")),
    (
        BODIES,
        problem(403, "csrf_failed", "CSRF check failed", "A signed-in browser sends X-CSRFToken with this method."),
    ),
    (
        ("{id}",),
        problem(404, "not_found", "Not found", "No code 7, or it belongs to a mini-program that this key may not use."),
    ),
    (
        ("/image",),
        problem(
            404,
            "picture_missing",
            "The picture is gone",
            "The file of this code is not in the media storage.",
            advice="Operators: restore the media storage, or issue the code again.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            406,
            "not_acceptable",
            "No acceptable type",
            "Could not satisfy the request Accept header.",
            advice="Send Accept: application/json.",
        ),
    ),
    (
        ISSUING,
        problem(
            409,
            "external_id_taken",
            "external_id is taken",
            "The external_id “order-17” names code 17, which has other parameters.",
            advice="Use another external_id, or ask for that code with the parameters it was issued with.",
        ),
    ),
    (
        DRAWN,
        problem(
            409,
            "wechat_answer_lost",
            "WeChat may have counted this code already",
            "The answer to the same request, a moment ago, was lost; WeChat may have counted it.",
            advice="Repeat it after 54 s if one more of the 100,000 may be spent on it.",
        ),
    ),
    (
        DRAWN,
        problem(
            409,
            "wechat_limit_reached",
            "A permanent limit of WeChat is reached",
            "The 100,000 limited codes of this mini-program are used up for ever.",
            errcode=45029,
            rid="61725984-6126f6f9-040f19c4",
            advice="Issue unlimited codes (kind unlimited) instead. No quota reset brings these back.",
        ),
    ),
    (
        REISSUE,
        problem(
            409,
            "same_code_exists",
            "Another code looks like this",
            "Code 12 has the same scene, page and looks.",
            advice="Use that code, or choose other looks.",
        ),
    ),
    (
        REISSUE,
        problem(
            409,
            "reissued_meanwhile",
            "The code was reissued meanwhile",
            "Somebody else has reissued code 7 at this moment.",
            advice="Look at it again before you reissue it once more.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            409,
            "miniprogram_inactive",
            "The mini-program is switched off",
            "Shop is not active.",
            advice="An operator can switch it on in the admin (field “active”).",
        ),
    ),
    (
        ("/pause", "/resume", "/cancel", "/retry"),
        problem(
            409,
            "batch_state",
            "Not possible in this state",
            "The batch is in the state “done”.",
            advice="Look at the batch anew: it has moved on.",
        ),
    ),
    (
        BATCHES,
        problem(
            413,
            "too_many_rows",
            "Too many rows",
            "There are more than 100000 rows.",
            advice="Split the table, or ask an operator for a higher limit.",
        ),
    ),
    (
        BATCHES,
        problem(
            429,
            "too_many_batches",
            "Too many open batches",
            "This client has 20 open batches already.",
            advice="Wait until one is done, or cancel one.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            502,
            "wechat_refused_credentials",
            "WeChat refused the mini-program's credentials or permissions",
            "This server's IP address is not on the mini-program's IP allow-list.",
            errcode=40164,
            rid="61725984-6126f6f9-040f19c4",
            advice="Add the address that WeChat saw: mp.weixin.qq.com → 开发管理 → 开发设置 → IP白名单.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            502,
            "wechat_malformed_response",
            "WeChat's answer was not usable",
            "api.weixin.qq.com promised a longer answer than it sent.",
            advice="Try again in a moment. If it goes on, test this server's way to the internet.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            502,
            "token_still_rejected",
            "WeChat keeps rejecting the token",
            "WeChat hands out a token that it then rejects; forcing a new one works 20 times a day, 30 s apart.",
            advice="Wait half a minute. If it stays so, look for another system that forces refreshes.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            502,
            "token_rejected",
            "WeChat rejected the access token",
            "The access_token has expired.",
            errcode=42001,
            rid="61725984-6126f6f9-040f19c4",
            advice="Try again: a new token is fetched.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(502, "wechat_error", "WeChat refused the request", "WeChat answered with an unknown errcode."),
    ),
    (
        EVERYWHERE,
        problem(
            503,
            "database_unavailable",
            "The database does not answer",
            "The database of wxcode does not answer.",
            advice="Try again in a few seconds. Operators: see /readyz and the log.",
        ),
    ),
    (
        (*DRAWN, "/image", *BATCHES),
        problem(
            503,
            "storage_unavailable",
            "Pictures cannot be stored",
            "The media storage does not answer (timed out).",
            advice=WAIT_2,
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "secret_unavailable",
            "The AppSecret cannot be read",
            "No sealed secret has this reference.",
            advice="Paste the AppSecret again in the admin.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "token_quota_guarded",
            "The day's token quota is nearly used up",
            "1900 of about 2000 token fetches of today are used; the rest is kept for emergencies.",
            advice="Find out who fetches so often (token events), or clear the quota in the admin.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "waited_too_long",
            "Still being worked on",
            "Another process is doing the same work and has not finished.",
            advice="Try again in a moment; the result will be there or the reason will be known.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(503, "wechat_busy", "WeChat is busy", "WeChat is busy.", errcode=-1, advice=WAIT_2),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "wechat_circuit_open",
            "WeChat does not answer at present",
            "WeChat has just failed several times in a row, so it was not asked; next try in 12 s.",
            advice="Repeat the request after Retry-After. Operators: see the log and this server's way to WeChat.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "wechat_quota_exhausted",
            "WeChat's quota is used up",
            "The call quota of this interface is used up.",
            advice="If a burst caused it, wait a minute. Look for a script that calls in a loop.",
            errcode=45009,
            rid="61725984-6126f6f9-040f19c4",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "sandbox_not_configured",
            "No sandbox is configured",
            "This mini-program is marked as sandbox, but no sandbox is configured.",
            advice="Set SANDBOX_URL to the address of a running sandbox, or unmark the mini-program.",
        ),
    ),
]


def rarer_examples(status: str, operation: str) -> list[dict[str, Any]]:
    """Those for `status` of `operation`, which is its method and path."""
    return [each for places, each in RARER if str(each["status"]) == status and is_at(places, operation)]


def is_at(places: tuple[str, ...], operation: str) -> bool:
    """Whole where a place begins with a method and ends with a slash, else a part."""
    return any(operation == place if place.endswith("/") else place in operation for place in places)
