"""Every way in which a call to WeChat can fail, as classes that tell the caller what to do."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.errors import WxcodeError


class WeChatError(WxcodeError):
    """WeChat refused, with an errcode that fits no narrower class; the base of all errors below.

    `errmsg` is WeChat's own text, shortened and without credentials, for people only: code looks at `errcode`.
    `seen_ip` is the address WeChat saw us come from, when it said so (40164, 61004).
    """

    code = "wechat_error"
    title = _("WeChat rejected the request")
    http_status = 502

    def __init__(self, detail: Any = "", *, errmsg: str = "", seen_ip: str | None = None, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.errmsg = errmsg
        self.seen_ip = seen_ip


class TokenRejected(WeChatError):
    """A business call came with a token that WeChat no longer takes: drop that token, get the current one."""

    code = "token_rejected"
    title = _("WeChat rejected the access token")


class WeChatBusy(WeChatError):
    """WeChat asks to slow down or to come back; `retry_after` says when."""

    code = "wechat_busy"
    title = _("WeChat is busy")
    http_status = 503
    is_retryable = True


class QuotaExhausted(WeChatError):
    """A quota of the mini-program is used up until its window ends, or until an operator clears it."""

    code = "wechat_quota_exhausted"
    title = _("WeChat’s quota is used up")
    http_status = 503


class CredentialProblem(WeChatError):
    """An operator must mend something in the WeChat console or in our settings; repeating does not help."""

    code = "wechat_refused_credentials"
    title = _("WeChat rejected the mini-program’s credentials or permissions")


class InputRejected(WeChatError):
    """The caller must change the request."""

    code = "wechat_rejected_input"
    title = _("WeChat rejected the input")
    http_status = 422


class PermanentlyRefused(WeChatError):
    """WeChat will never grant this again for this mini-program."""

    code = "wechat_limit_reached"
    title = _("A permanent limit of WeChat is reached")
    http_status = 409


class MalformedResponse(WeChatError):
    """The answer is neither a complete picture nor WeChat's JSON, so nothing of it is believed."""

    code = "wechat_malformed_response"
    title = _("Unusable response from WeChat")
    is_retryable = True


class WeChatUnreachable(WeChatError):
    """No answer came from WeChat itself: refused, reset, or a gateway's HTTP 5xx."""

    code = "wechat_unreachable"
    title = _("WeChat could not be reached")
    is_retryable = True


class WeChatTimeout(WeChatUnreachable):
    """WeChat took longer than the time set for the call; whether it did the work is unknown."""

    code = "wechat_timeout"
    title = _("WeChat did not respond in time")
    http_status = 504


class WeChatLeftAlone(WeChatError):
    """WeChat was not asked: it has just failed several times in a row, and one call at a time tries it anew."""

    code = "wechat_circuit_open"
    title = _("WeChat is not responding")
    http_status = 503
    is_retryable = True


class SandboxNotConfigured(WxcodeError):
    """A mini-program is marked as sandbox, but this installation knows no sandbox."""

    code = "sandbox_not_configured"
    title = _("No sandbox is configured")
    http_status = 503
