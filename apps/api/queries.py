"""Query parameters that take one of a few values: anything else is refused by name instead of being ignored."""

from collections.abc import Mapping, Sequence
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.errors import InvalidRequest


def read_choice(query: Mapping[str, str], name: str, *, known: Sequence[str]) -> str:
    """The value of `name`, empty if it is not given. Raises InvalidRequest for one that is not `known`."""
    asked = query.get(name, "")
    if asked and asked not in known:
        message = _("Use %(known)s, or leave it out.") % {"known": " / ".join(known)}
        raise InvalidRequest(f"{name}: {message}", errors={name: [message]})
    return asked


class StrictNullBooleanField(forms.NullBooleanField):
    """true or false; anything else is an error, where Django's own field takes it for "not given"."""

    # Django's widget for it would forget what was sent
    widget = forms.TextInput
    default_error_messages = {"invalid": gettext_lazy("Use true or false.")}

    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        known = {"true": True, "1": True, "false": False, "0": False}
        meant = known.get(str(value).lower())
        if meant is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return meant


class StrictBooleanFilter(django_filters.BooleanFilter):
    """A filter of a list that is true, false, or left out."""

    field_class = StrictNullBooleanField
