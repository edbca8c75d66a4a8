"""The admin's form for an API client: scopes as boxes, lists as one entry per line."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from apps.clients.models import ApiClient
from apps.clients.validation import DEFAULT_SCOPES, Scope, normalize_networks, normalize_origins

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
            "rate_limit",
            "is_active",
            "expires_at",
            "notes",
        ]
