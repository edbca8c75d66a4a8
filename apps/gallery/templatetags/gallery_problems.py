"""How an error is worded on the gallery's pages."""

from django import template

from apps.errors import WxcodeError
from apps.gallery import causes

register = template.Library()


@register.filter
def cure_here(problem: WxcodeError) -> str:
    """What to do about it, in the words of the forms."""
    return causes.cure_here(problem.errcode, problem.advice)
