"""Query parameters: what is misspelt or said twice is refused by name instead of being ignored."""

import datetime as dt
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

from apps.errors import InvalidRequest


def refuse_repeated(query: QueryDict, names: Iterable[str]) -> None:
    """Raises InvalidRequest for one of `names` that is there twice: which one counts would be a guess."""
    message = _("It is there %(count)d times; say it once.")
    errors = {name: [message % {"count": len(query.getlist(name))}] for name in names if len(query.getlist(name)) > 1}
    if errors:
        raise InvalidRequest("; ".join(f"{name}: {found[0]}" for name, found in errors.items()), errors=errors)


def read_choice(query: QueryDict, name: str, *, known: Sequence[str]) -> str:
    """The value of `name`, empty if it is not given. Raises InvalidRequest for one that is not `known`, or two."""
    refuse_repeated(query, [name])
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


EDGES = dt.datetime(1, 1, 3, tzinfo=dt.UTC), dt.datetime(9999, 12, 29, tzinfo=dt.UTC)


class MomentField(django_filters.fields.IsoDateTimeField):
    """A moment in ISO 8601, in UTC: databases take fewer offsets and years than Python does."""

    def to_python(self, value: Any) -> dt.datetime | None:
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


class OnceFilterBackend(DjangoFilterBackend):
    """The filters of a list; one that takes a single value is not taken twice."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        kind = self.get_filterset_class(view, queryset)
        names = ["limit", "cursor"]
        if kind is not None:
            filters = kind.base_filters.items()
            names += [name for name, each in filters if not isinstance(each, django_filters.MultipleChoiceFilter)]
        refuse_repeated(request.query_params, names)
        return super().filter_queryset(request, queryset, view)
