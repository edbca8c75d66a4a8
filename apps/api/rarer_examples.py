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


NO_PARAMETER = "Unknown parameter: this endpoint takes none."
NEAR_PARAMETER = "Unknown parameter. Did you mean “limit”?"
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
            advice="Use the URL in `next` or `previous`, or omit `cursor` to start with the newest.",
        ),
    ),
    (
        BODIES,
        problem(
            400,
            "malformed_json",
            "The body is not valid JSON",
            "Not JSON at line 1, column 2: Expecting property name enclosed in double quotes.",
            advice="Put names and strings in double quotes, and don’t put a comma after the last value.",
        ),
    ),
    (
        BATCHES,
        problem(
            400,
            "rows_invalid",
            "Some rows are not valid",
            "1 of 2 rows is not valid.",
            errors={"rows.2.scene": ["Enter a scene of 1 to 32 characters."]},
        ),
    ),
    (
        BATCHES,
        problem(
            400,
            "unreadable_input",
            "The rows cannot be read",
            "The file is not UTF-8 or GB18030 text.",
            advice="Save the table as “CSV UTF-8”, or upload it as XLSX.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            401,
            "not_authenticated",
            "Authentication needed",
            "An API key is required.",
            advice="Send it as Authorization: Bearer <key> or as X-API-Key: <key>.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            403,
            "network_not_allowed",
            "Not allowed from this network",
            "This API key is not allowed from 203.0.113.7.",
            advice="An operator can add the address to the networks of the key in the admin.",
        ),
    ),
    (
        EVERYWHERE,
        problem(
            403,
            "publishable_key_refused",
            "Not allowed with a publishable key",
            "A publishable key can only create unlimited codes, with POST /api/v1/codes/.",
            advice="Call this from your server, with a secret key (wxc_…).",
        ),
    ),
    (
        (*ISSUING, *BATCHES, *TOKENS),
        problem(
            403,
            "miniprogram_not_granted",
            "Not granted for this mini-program",
            "This API key has no access to the mini-program wx0123456789abcdef.",
            advice="An operator can add it to the key in the admin, under API clients.",
        ),
    ),
    (BODIES, problem(403, "permission_denied", "Not allowed", "You don’t have permission to do this.")),
    (
        BODIES,
        problem(403, "csrf_failed", "CSRF check failed", "A signed-in browser sends X-CSRFToken with this method."),
    ),
    (
        ("{id}",),
        problem(404, "not_found", "Not found", "No code 7, or this key has no access to its mini-program."),
    ),
    (
        ("/image",),
        problem(
            404,
            "picture_missing",
            "Image missing",
            "The file of this code is not in the media storage.",
            advice="Operators: restore the media storage, or create the code again.",
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
            "external_id is already used",
            "The external_id “order-17” belongs to code 17, which has different parameters.",
            advice="Use another external_id, or request that code with the parameters it was created with.",
        ),
    ),
    (
        DRAWN,
        problem(
            409,
            "wechat_answer_lost",
            "WeChat may have counted this code already",
            "The response to the same request was lost a moment ago; WeChat may already have counted it.",
            advice="Retry after 54 s if you accept using up one more of the 100,000 codes.",
        ),
    ),
    (
        DRAWN,
        problem(
            409,
            "wechat_limit_reached",
            "A permanent limit of WeChat is reached",
            "This mini-program has used up its 100,000 limited codes. They can’t be restored.",
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
            "An identical code exists",
            "Code 12 has the same scene, page and appearance.",
            advice="Use that code, or choose a different appearance.",
        ),
    ),
    (
        REISSUE,
        problem(
            409,
            "reissued_meanwhile",
            "The code was reissued in the meantime",
            "Someone else has just reissued code 7.",
            advice="Check the new image before you reissue it again.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            409,
            "miniprogram_inactive",
            "The mini-program is inactive",
            "Shop is not active.",
            advice="An operator can activate it in the admin (field “Active”).",
        ),
    ),
    (
        ("/pause", "/resume", "/cancel", "/retry"),
        problem(
            409,
            "batch_state",
            "Not possible in this state",
            "Not possible: the batch is “done”.",
            advice="Reload the batch: its state has changed.",
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
            "This client already has 20 unfinished batches.",
            advice="Wait for one to finish, or cancel one.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            502,
            "wechat_refused_credentials",
            "WeChat rejected the mini-program’s credentials or permissions",
            "This server’s IP address is not on the mini-program’s IP allow-list.",
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
            "Unusable response from WeChat",
            "api.weixin.qq.com closed the connection before sending the complete response.",
            advice="Try again in a moment. If this persists, check this server’s internet connection.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            502,
            "token_still_rejected",
            "WeChat keeps rejecting the token",
            "WeChat rejects the tokens that it issues. A forced refresh is possible 20 times a day, 30 s apart.",
            advice="Wait 30 seconds. If it persists, look for another system that forces refreshes.",
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
        problem(502, "wechat_error", "WeChat rejected the request", "WeChat answered with an unknown errcode."),
    ),
    (
        EVERYWHERE,
        problem(
            503,
            "database_unavailable",
            "The database is not responding",
            "wxcode can’t reach its database.",
            advice="Try again in a few seconds. Operators: see /readyz and the log.",
        ),
    ),
    (
        (*DRAWN, "/image", *BATCHES),
        problem(
            503,
            "storage_unavailable",
            "Images can’t be saved",
            "The media storage is not responding (timed out).",
            advice=WAIT_2,
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "secret_unavailable",
            "The AppSecret cannot be read",
            "No encrypted secret has this reference.",
            advice="Paste the AppSecret again in the admin.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "token_quota_guarded",
            "The day’s token quota is nearly used up",
            "1900 of about 2000 token fetches of today are used; the rest is kept for emergencies.",
            advice="Find out which system fetches so often (token events), or reset the API quotas in the admin.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "waited_too_long",
            "Still in progress",
            "Another process is doing the same work and has not finished.",
            advice="Try again in a moment.",
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
            "WeChat is not responding",
            "WeChat failed several times in a row, so wxcode did not call it. Next try in 12 s.",
            advice="Retry after the time in Retry-After. Operators: check the log and the connection to WeChat.",
        ),
    ),
    (
        ASKING_WECHAT,
        problem(
            503,
            "wechat_quota_exhausted",
            "WeChat’s quota is used up",
            "The call quota of this API is used up.",
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
            "This mini-program uses the sandbox, but no sandbox is configured.",
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
