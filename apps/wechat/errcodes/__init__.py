"""Every errcode that the service may meet, by family; the texts follow WeChat's pages, the cures our experience."""

from apps.wechat.errcodes import audits, callers, codes, components, credentials, links, tokens
from apps.wechat.errcodes.entry import ErrorCode, Handling

__all__ = ["ALL_ERRCODES", "ErrorCode", "Handling", "find_errcode"]

_FAMILIES = (tokens, credentials, callers, codes, links, components, audits)
ALL_ERRCODES: dict[int, ErrorCode] = {entry.errcode: entry for family in _FAMILIES for entry in family.ERRCODES}


def find_errcode(errcode: int | None) -> ErrorCode | None:
    """What is known about `errcode`; None for none, and for a number that WeChat’s pages do not explain to us."""
    return None if errcode is None else ALL_ERRCODES.get(errcode)
