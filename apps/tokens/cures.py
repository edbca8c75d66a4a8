"""What an operator does about a token: the button that mends it, for every page that lists tokens."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.tokens.health import TokenState
from apps.tokens.overview import Overview, Urgency

WANTING = frozenset({Urgency.BROKEN, Urgency.FAILING, Urgency.WARNING, Urgency.WAITING, Urgency.PAUSED})
# the AppSecret is not the mini-program's: asking WeChat again helps nobody
WRONG_SECRET = frozenset({40001, 40125, 41004})


@dataclass(frozen=True)
class Button:
    """`is_link`: it leads to a page where a person does it; otherwise it is a POST."""

    label: str
    address: str
    is_link: bool = False


def find_button(overview: Overview) -> Button | None:
    """The button that mends it; None where nothing is wrong, or no button helps."""
    if overview.urgency not in WANTING:
        return None
    miniprogram, trouble = overview.miniprogram, overview.health.trouble
    if trouble is not None and trouble.errcode in WRONG_SECRET:
        page = reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk])
        return Button(_("Enter the AppSecret"), f"{page}#id_app_secret", is_link=True)
    if miniprogram.is_refresh_paused:
        label, tool = _("Resume refresh"), "resume_refresh"
    elif overview.health.state in (TokenState.TROUBLE, TokenState.MISSING):
        label, tool = _("Refresh now"), "refresh_now"
    else:
        # a thief, a low quota or a way that is cut is mended elsewhere
        return None
    return Button(label, reverse("admin:miniprograms_miniprogram_actions", args=[miniprogram.pk, tool]))
