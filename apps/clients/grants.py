"""From an appid in a request to the mini-program that its caller may use."""

from django.utils.translation import gettext_lazy as _

from apps.clients.caller import Caller
from apps.errors import NotFound
from apps.miniprograms.models import MiniProgram
from apps.prepared import PreparedRow


class MiniProgramUnknown(NotFound):
    """No mini-program has this appid."""

    code = "miniprogram_unknown"
    title = _("Unknown mini-program")


by_appid = PreparedRow(MiniProgram, "appid")


def get_granted_miniprogram(caller: Caller, appid: str) -> MiniProgram:
    """The mini-program with `appid`, if `caller` may use it.

    Raises MiniProgramNotGranted (403, whether or not it exists) and MiniProgramUnknown (404).
    """
    caller.require_miniprogram(appid)
    miniprogram = by_appid.find(appid)
    if miniprogram is None:
        raise MiniProgramUnknown(
            _("No mini-program with the appid %(appid)s is registered here.") % {"appid": appid[:40]},
            advice=_("Check the spelling, or ask an operator to add it in the admin."),
        )
    return miniprogram
