"""Query parameters: what is misspelt or said twice is refused by name instead of being ignored."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from apps.api.serializers import SHOWN_NAME_LENGTH, find_nearest
from apps.errors import InvalidRequest

# what every list takes beside its filters
OF_LISTS = ("limit", "cursor")


def refuse_unknown(query: QueryDict, known: Iterable[str]) -> None:
    """Raises InvalidRequest for every parameter that is none of `known`: a filter that is misspelt would find all."""
    known = list(known)
    strangers = {
        name[:SHOWN_NAME_LENGTH] or '""': _unknown_parameter(name, known) for name in query if name not in known
    }
    if strangers:
        errors = {name: [message] for name, message in strangers.items()}
        raise InvalidRequest("; ".join(f"{name}: {message}" for name, message in strangers.items()), errors=errors)


def _unknown_parameter(name: str, known: list[str]) -> str:
    nearest = find_nearest(name, known=known)
    if nearest:
        return _("Unknown parameter. Did you mean “%(nearest)s”?") % {"nearest": nearest}
    if not known:
        return _("Unknown parameter: this endpoint takes none.")
    return _("Unknown parameter. Available: %(known)s.") % {"known": ", ".join(known)}


def refuse_repeated(query: QueryDict, names: Iterable[str]) -> None:
    """Raises InvalidRequest for one of `names` that is there twice: which one counts would be a guess."""
    message = _("Sent %(count)d times; send it once.")
    errors = {name: [message % {"count": len(query.getlist(name))}] for name in names if len(query.getlist(name)) > 1}
    if errors:
        raise InvalidRequest("; ".join(f"{name}: {found[0]}" for name, found in errors.items()), errors=errors)


def read_choice(query: QueryDict, name: str, *, known: Sequence[str]) -> str:
    """The value of `name`, empty if it is not given. Raises InvalidRequest for one that is not `known`, or two."""
    refuse_repeated(query, [name])
    asked = query.get(name, "")
    if asked and asked not in known:
        message = _("Use %(known)s, or omit it.") % {"known": " / ".join(known)}
        raise InvalidRequest(f"{name}: {message}", errors={name: [message]})
    return asked


class StrictNullBooleanField(forms.NullBooleanField):
    """true or false; anything else is an error, where Django's own field takes it for "not given"."""

    # Django's widget for it would forget what was sent
    widget = forms.TextInput
    default_error_messages = {"invalid": gettext_lazy("Use true or false.")}

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override]
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


LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$")
EDGES = dt.datetime(1, 1, 3, tzinfo=dt.UTC), dt.datetime(9999, 12, 29, tzinfo=dt.UTC)


class MomentField(django_filters.fields.IsoDateTimeField):
    """A moment in ISO 8601, in UTC: databases take fewer offsets and years than Python does.

    The + of an offset that was not written %2B arrives as a space, and is taken for the + that it was.
    """

    default_error_messages = {
        "invalid": gettext_lazy("Use an ISO 8601 time such as 2026-11-21T12:00:00Z, or a date such as 2026-11-21.")
    }

    def to_python(self, value: Any) -> dt.datetime | None:
        if isinstance(value, str):
            value = LOST_PLUS.sub(r"\1+\2", value)
        try:
            found: dt.datetime | None = super().to_python(value)
            moment = found and found.astimezone(dt.UTC)
        except OverflowError:
            moment = EDGES[0]
        # the databases convert it to zones of their own
        if moment is not None and not EDGES[0] < moment < EDGES[1]:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A filter of a list by a moment."""

    field_class = MomentField


class KnownChoiceField(django_filters.fields.ChoiceField):
    """One of some words; the refusal lists them, where Django's own only says that there are others."""

    def validate(self, value: Any) -> None:
        try:
            super().validate(value)
        except forms.ValidationError as exc:
            known = " / ".join(str(word) for word, _shown in self.choices if word)
            raise forms.ValidationError(_("Use %(known)s, or omit it.") % {"known": known}) from exc


class KnownChoiceFilter(django_filters.ChoiceFilter):
    """A filter of a list that takes one of some words."""

    field_class = KnownChoiceField


class OnceFilterBackend(DjangoFilterBackend):
    """The filters of a list: one that takes a single value is not taken twice."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        kind = self.get_filterset_class(view, queryset)
        names = [*OF_LISTS]
        if kind is not None:
            filters = kind.base_filters.items()
            names += [name for name, each in filters if not isinstance(each, django_filters.MultipleChoiceFilter)]
        refuse_repeated(request.query_params, names)
        return super().filter_queryset(request, queryset, view)
