"""The admin's form for an API client: scopes as boxes, lists as one entry per line."""

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.clients.models import ApiClient
from apps.clients.validation import (
    DEFAULT_SCOPES,
    Scope,
    normalize_networks,
    normalize_origins,
    publishable_mistakes,
)

Normalize = Callable[[list[str]], list[str]]


class LinesField(forms.CharField):
    """A list of texts, edited as one per line; `normalize` raises ValidationError for what may not stand in it."""

    def __init__(self, *, normalize: Normalize, **options: Any) -> None:
        super().__init__(widget=forms.Textarea({"rows": 4, "cols": 60, "spellcheck": "false"}), **options)
        self.normalize = normalize

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        kept: list[str] = []
        mistakes: list[ValidationError] = []
        for line in lines:
            try:
                kept += self.normalize([line])
            except ValidationError as exc:
                mistakes.append(exc)
        if mistakes:
            raise ValidationError(mistakes)
        return list(dict.fromkeys(kept))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except ValidationError:
            return True


def wording(name: str) -> dict[str, Any]:
    """Label and help of the model's field, for a form field that replaces its own."""
    field = cast("models.Field[Any, Any]", ApiClient._meta.get_field(name))
    return {"label": capfirst(field.verbose_name), "help_text": field.help_text}


class ApiClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Everything an operator decides about a client; the key is made by wxcode."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=list(DEFAULT_SCOPES), **wording("scopes")
    )
    origins = LinesField(normalize=normalize_origins, required=False, **wording("origins"))
    networks = LinesField(normalize=normalize_networks, required=False, **wording("networks"))

    class Meta:
        model = ApiClient
        fields = [
            "name",
            "scopes",
            "miniprograms",
            "origins",
            "networks",
            "is_publishable",
            "rate_limit",
            "is_active",
            "expires_at",
            "notes",
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        # on the form of an existing client it is only shown
        is_publishable = cleaned.get("is_publishable", self.instance.is_publishable)
        names = ("scopes", "origins", "miniprograms")
        if is_publishable and not any(name in self.errors for name in names):
            for field, mistake in publishable_mistakes(**{name: cleaned[name] for name in names}).items():
                self.add_error(field, mistake)
        return cleaned


class HandOverForm(forms.Form):
    """How long a replaced key still works, so that its users can change over."""

    hand_over = forms.TypedChoiceField(
        label=_("The present key works for"),
        choices=[
            ("0", _("not a moment longer: it may be in wrong hands")),
            ("1", _("1 hour")),
            ("24", _("1 day")),
            ("168", _("7 days")),
            ("720", _("30 days")),
        ],
        coerce=lambda hours: dt.timedelta(hours=int(hours)),
        initial="24",
    )
