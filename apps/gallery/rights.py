"""What staff may do in the gallery beyond looking: Django's own permissions, and what is said to those without them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.errors import WxcodeError
from apps.miniprograms.grants import Viewer

MAKE_CODES = "codes.add_issuedcode"
CHANGE_CODES = "codes.change_issuedcode"
ORDER_BATCHES = "batches.add_codebatch"
STEER_BATCHES = "batches.change_codebatch"

REFUSALS: dict[str, Any] = {
    MAKE_CODES: _("You can view codes, but not create them."),
    CHANGE_CODES: _("You can view codes, but not change them."),
    ORDER_BATCHES: _("You can view batches, but not create them."),
    STEER_BATCHES: _("You can view batches, but not pause, resume or cancel them."),
}


class RightMissing(WxcodeError):
    """The member of staff may look, but not do this."""

    code = "right_missing"
    title = _("Not allowed")
    http_status = 403


def require_right(user: Viewer, right: str) -> None:
    """Raises RightMissing unless `user` has `right`; an empty one has everybody."""
    if right and not user.has_perm(right):
        raise RightMissing(
            REFUSALS[right],
            advice=_("Ask an operator for the permission %(permission)s, for you or one of your groups.")
            % {"permission": right},
        )
