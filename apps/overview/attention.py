"""Mini-programs that want something of an operator, each with its cure and the button that mends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.tokens.health import TokenState
from apps.tokens.overview import Overview, Urgency

WANTING = frozenset({Urgency.BROKEN, Urgency.FAILING, Urgency.WARNING, Urgency.WAITING, Urgency.PAUSED})
SHOWN = 8
# the AppSecret is not the mini-program's: asking WeChat again helps nobody
WRONG_SECRET = frozenset({40001, 40125, 41004})


@dataclass(frozen=True)
class Case:
    """One mini-program: `label` and `address` are the button's, both empty where no button helps.

    `is_link`: the button leads to a page where a person does it; otherwise it is a POST.
    """

    overview: Overview
    label: str
    address: str
    is_link: bool = False


def find_cases(overviews: Sequence[Overview]) -> list[Case]:
    """Those of `overviews` (the most urgent first) that want something, with their buttons."""
    return [_case(overview) for overview in overviews if overview.urgency in WANTING]


def _case(overview: Overview) -> Case:
    miniprogram = overview.miniprogram
    trouble = overview.health.trouble
    if trouble is not None and trouble.errcode in WRONG_SECRET:
        page = reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk])
        return Case(overview, _("Enter the AppSecret"), f"{page}#id_app_secret", is_link=True)
    if miniprogram.is_refresh_paused:
        label, tool = _("Resume refresh"), "resume_refresh"
    elif overview.health.state in (TokenState.TROUBLE, TokenState.MISSING):
        label, tool = _("Refresh now"), "refresh_now"
    else:
        # a thief, a low quota or a way that is cut is mended elsewhere
        return Case(overview, "", "")
    return Case(overview, label, reverse("admin:miniprograms_miniprogram_actions", args=[miniprogram.pk, tool]))
