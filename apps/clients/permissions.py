"""HasScope: a view says which scope each method needs, and only callers with it get in."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.clients.caller import Caller
from apps.clients.credentials import not_authenticated

READS_LIKE_GET = ("HEAD", "OPTIONS")


class HasScope(BasePermission):
    """Reads `required_scopes` of the view, for example {"GET": "codes:read", "POST": "codes:create"}, and
    `publishable_methods`: those that a key in the source of a page may use, none unless told.

    HEAD and OPTIONS need what GET needs; where there is no GET, OPTIONS needs only a known caller.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises Unauthenticated, PublishableKeyRefused or MissingScope, so that the answer says what is missing."""
        caller = request.auth
        if not isinstance(caller, Caller):
            raise not_authenticated()
        if request.method not in getattr(view, "publishable_methods", ()):
            caller.refuse_publishable()
        scope = find_required_scope(view, request.method or "")
        if scope is not None:
            caller.require_scope(scope)
        return True


def find_required_scope(view: Any, method: str) -> str | None:
    """The scope that `method` needs, or None where the view does not answer to it (405 follows)."""
    required: dict[str, str] = getattr(view, "required_scopes", {})
    scope = required.get("GET" if method in READS_LIKE_GET else method)
    if scope is None and method != "OPTIONS" and hasattr(view, method.lower()):
        raise ImproperlyConfigured(f"{type(view).__name__}.required_scopes says nothing about {method}")
    return scope
