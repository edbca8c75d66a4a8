"""What a page says to its reader about their own account."""

from typing import Any

from django import template

from apps.accounts.notices import advice, in_words, unread_in

register = template.Library()
# in the open, and behind "more"; the next ones come when these are dismissed
IN_THE_OPEN, AT_ONCE = 3, 20


@register.inclusion_tag("accounts/notices.html", takes_context=True)
def security_notices(context: Any) -> dict[str, Any]:
    """The reader's notices; none on the answer to a form, which a dismissal could not bring back."""
    request = context.get("request")
    if request is None or request.method != "GET" or not request.user.is_authenticated:
        return {"notices": []}
    found = unread_in(request)[:AT_ONCE]
    notices = [{"id": notice.pk, "words": in_words(notice, request.user)} for notice in found]
    return {
        "notices": notices[:IN_THE_OPEN],
        "more": notices[IN_THE_OPEN:],
        # each once
        "advice": dict.fromkeys(advice(notice) for notice in found),
        "request": request,
    }
