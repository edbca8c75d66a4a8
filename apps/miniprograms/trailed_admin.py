"""Changes in the admin's forms, into the audit trail: a sentence for each field, with its old and its new value."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_noop, override

from apps.miniprograms.trail import Fact, Sentence, as_message, moment, names, sentence, word

TURNED_ON, TURNED_OFF = gettext_noop("Turned on “%(field)s”."), gettext_noop("Turned off “%(field)s”.")


class TrailedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Of fields that are no columns (what is pasted once), and of long texts, the trail has the name alone."""

    # columns whose values are nobody's business all the same
    trail_untold: Collection[str] = ()
    # fields that are no columns and may be told
    trail_told: Collection[str] = ()
    # what a new row is given from the start
    trail_on_add: Collection[str] = ()

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        told = list(self.describe_form(form, self.trail_on_add if add else form.changed_data, is_new=add))
        if told or not add:
            return as_message(*told)
        return super().construct_change_message(request, form, formsets, add)

    def describe_form(self, form: Any, changed: Collection[str], *, is_new: bool = False) -> Iterator[Sentence]:
        """What has become of the fields that are named in `changed`."""
        for name in changed:
            field = word(_label(form, self.model, name))
            if self._is_told(name):
                old = None if is_new else _initial(form, name)
                yield from describe_change(field, old, form.cleaned_data.get(name))
            else:
                yield sentence(gettext_noop("Changed %(field)s."), field=field)

    def _is_told(self, name: str) -> bool:
        if name in self.trail_told:
            return True
        column = _find_column(self.model, name)
        return column is not None and not (
            name == "password" or name in self.trail_untold or isinstance(column, models.TextField)
        )


def _initial(form: Any, name: str) -> Any:
    """What the field began with; the row itself where the field has only its number."""
    value, choices = form[name].initial, getattr(form.fields[name], "queryset", None)
    if choices is None or value is None or _is_several(value):
        return value
    return choices.filter(pk=value).first() or value


def describe_change(field: Fact, old: Any, new: Any) -> Iterator[Sentence]:
    """What is told of a value that was `old` and is `new`."""
    if isinstance(new, bool):
        if new != bool(old):
            yield sentence(TURNED_ON if new else TURNED_OFF, field=field)
    elif _is_several(new) or _is_several(old):
        before, after = [_name(each) for each in old or ()], [_name(each) for each in new or ()]
        if added := [each for each in after if each not in before]:
            yield sentence(gettext_noop("Added to %(field)s: %(names)s."), field=field, names=names(added))
        if removed := [each for each in before if each not in after]:
            yield sentence(gettext_noop("Removed from %(field)s: %(names)s."), field=field, names=names(removed))
    elif not _is_given(old):
        if _is_given(new):
            yield sentence(gettext_noop("Set %(field)s to “%(new)s”."), field=field, new=_value(new))
    elif not _is_given(new):
        yield sentence(gettext_noop("Cleared %(field)s, which was “%(old)s”."), field=field, old=_value(old))
    elif _value(old) != _value(new):
        text = gettext_noop("Changed %(field)s from “%(old)s” to “%(new)s”.")
        yield sentence(text, field=field, old=_value(old), new=_value(new))


def _find_column(model: type[models.Model], name: str) -> Any | None:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _label(form: Any, model: type[models.Model], name: str) -> str:
    """As the catalogue has it."""
    column = _find_column(model, name)
    with override(None):
        plain = str(getattr(column, "verbose_name", name))
        shown = str(form.fields[name].label or plain) if name in form.fields else plain
    return plain if capfirst(plain) == shown else shown


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple | models.QuerySet)


def _name(each: Any) -> str:
    # Django's own words for a permission are in the language of whoever is asked
    return f"{each.content_type.app_label}.{each.codename}" if isinstance(each, Permission) else str(each)


def _is_given(value: Any) -> bool:
    return value is not None and value != ""


def _value(value: Any) -> Fact:
    if isinstance(value, datetime):
        return moment(value)
    return value if isinstance(value, int) else str(value)
