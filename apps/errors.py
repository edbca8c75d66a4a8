"""The one root of every error that wxcode raises on purpose: facts for the caller, never secrets."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

FieldErrors = Mapping[str, Sequence[str]]

# What browsers send as Origin for a page whose origin they hide; everybody's pages can have it, so it is never allowed.
NULL_ORIGIN = "null"
NULL_ORIGIN_SENT = _("The browser sent “Origin: null”, which hides the page that the request came from.")
NULL_ORIGIN_ADVICE = _(
    "Open wxcode in a tab of its own, not inside another page. If that doesn’t help, a proxy or a "
    "browser extension sets Referrer-Policy: no-referrer. Have it set same-origin instead."
)


class WxcodeError(Exception):
    """An error with everything that its reader needs to act on it.

    Classes say what kind it is (`code`, `title`, `http_status`, `is_retryable`), instances what
    happened: `detail` in words, `advice` what to do now, `errcode` and `rid` when WeChat said
    something, `retry_after` in whole seconds, `errors` per field of the request.
    """

    code: str = "internal_error"
    title: Any = _("Something went wrong")
    http_status: int = 500
    is_retryable: bool = False

    def __init__(
        self,
        detail: Any = "",
        *,
        advice: Any = "",
        errcode: int | None = None,
        rid: str | None = None,
        retry_after: int | None = None,
        errors: FieldErrors | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice
        self.errcode = errcode
        self.rid = rid
        self.retry_after = retry_after
        self.errors = errors

    def __str__(self) -> str:
        return str(self.detail or self.title)

    def as_problem(self) -> dict[str, Any]:
        """The error as an RFC 9457 problem document, in the active language."""
        problem: dict[str, Any] = {
            "type": f"urn:wxcode:problem:{self.code}",
            "title": str(self.title),
            "status": self.http_status,
            "detail": str(self),
            "code": self.code,
        }
        optional = {
            "errors": self.errors and {field: [str(m) for m in found] for field, found in self.errors.items()},
            "errcode": self.errcode,
            "rid": self.rid,
            "advice": str(self.advice),
        }
        return problem | {name: value for name, value in optional.items() if value not in (None, "", {})}


class InvalidRequest(WxcodeError):
    """The caller's input breaks a rule that is known before WeChat is asked."""

    code = "invalid_request"
    title = _("The request is not valid")
    http_status = 400


class NotFound(WxcodeError):
    """The thing asked for does not exist, or the caller may not see it."""

    code = "not_found"
    title = _("Not found")
    http_status = 404


class Conflict(WxcodeError):
    """The request is fine but contradicts what is already there."""

    code = "conflict"
    title = _("Conflict")
    http_status = 409


def join_sentences(*sentences: object) -> str:
    """One after the other, without those that are empty; a space follows no Chinese full stop."""
    text = ""
    for sentence in filter(None, map(str, sentences)):
        text += f" {sentence}" if text and text[-1] not in "。！？" else sentence
    return text
