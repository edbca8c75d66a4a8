"""Sentry, only when an operator names a DSN: errors with their traceback, without local variables and credentials."""

from typing import Any

from apps.wechat.redaction import without_credentials as without_opaque
from wxcode.redaction import redact


def start_reports(dsn: str) -> None:
    """Send errors to `dsn`. Nothing is imported or sent without one."""
    if not dsn:
        return
    import sentry_sdk  # noqa: PLC0415

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        before_send=without_credentials,
        before_breadcrumb=without_credentials,
    )


def without_credentials(event: Any, hint: Any = None) -> Any:
    """`event` with every text in it redacted; a request keeps its method and path only."""
    if isinstance(event, dict) and isinstance(event.get("request"), dict):
        request = event["request"]
        url = str(request.get("url", "")).partition("?")[0]
        event = event | {"request": {"method": request.get("method"), "url": url}}
    return _redacted(event)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return without_opaque(redact(value))
    if isinstance(value, dict):
        return {name: _redacted(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(each) for each in value]
    return value
