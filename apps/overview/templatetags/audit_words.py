"""An entry of the audit trail in words."""

from django import template
from django.contrib.admin.models import LogEntry

from apps.overview.audit import in_words

register = template.Library()


@register.filter
def audit_words(entry: LogEntry) -> str:
    """What was changed, in the active language."""
    return in_words(entry)
