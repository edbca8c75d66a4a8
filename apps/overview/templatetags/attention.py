"""Who may press the button of a row that needs attention."""

from django import template

from apps.miniprograms.grants import Viewer
from apps.overview.attention import Need

register = template.Library()


@register.filter
def can_be_pressed_by(need: Need, user: Viewer) -> bool:
    return need.button is not None and user.has_perm(need.permission)
