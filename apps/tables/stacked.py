"""Rows of the admin's lists that stand below each other on a phone: every cell says which column it belongs to."""

import re
from typing import Any

from django import template
from django.contrib.admin.utils import label_for_field
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()
# as django.contrib.admin writes the cells of a list; one with nothing in it needs no heading
CELL = re.compile(r'<(?P<tag>t[dh]) class="field-(?P<name>\w+)(?![^>]*>&nbsp;<)')


@register.filter
def with_labels(table: SafeString, cl: Any) -> SafeString:
    """`table`, the HTML of the list `cl`, with the heading of the column in `data-label` of every cell."""
    names = [name for name in cl.list_display if name != "action_checkbox"]
    labels = {str(name): escape(capfirst(str(label_for_field(name, cl.model, cl.model_admin)))) for name in names}

    def label(found: re.Match[str]) -> str:
        heading = labels.get(found["name"], "")
        return f'<{found["tag"]} data-label="{heading}" class="field-{found["name"]}' if heading else found[0]

    # Django has escaped the cells, and the labels are escaped above
    return mark_safe(CELL.sub(label, table))  # noqa: S308  # nosec B308 B703
