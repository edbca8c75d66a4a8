"""The form that orders a batch: where the rows come from, and what counts for rows that say nothing themselves."""

from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.batches.bodies import source_of_pattern
from apps.batches.models import NAME_MAX_LENGTH
from apps.batches.reading.rows import RowSource
from apps.batches.reading.text import pasted_source
from apps.batches.serializers import BatchInput
from apps.codes.models import PATH_KINDS, Kind
from apps.errors import InvalidRequest
from apps.gallery.forms import KINDS, NOT_FOR, LookForm, flat, read_tags

FILE, TEXT, PATTERN = "file", "text", "pattern"
SOURCES = [
    (FILE, gettext_lazy("Upload")),
    (TEXT, gettext_lazy("Paste")),
    (PATTERN, gettext_lazy("Number series")),
]
VARIABLES = 3
FIRST_PATTERN = {
    "scene_pattern": "table={n}",
    "variable-0-name": "n",
    "variable-0-first": "1",
    "variable-0-last": "50",
}
PATTERN_TEXTS = ("scene_pattern", "label_pattern")
VARIABLE_TEXTS = tuple(
    f"variable-{number}-{name}" for number in range(VARIABLES) for name in ("name", "first", "last", "pad", "values")
)
# more is a file
PASTED_MAX_LENGTH = 500_000


class VariableForm(forms.Form):
    """One variable of a pattern: numbers from … to …, or a list of words. Without a name it is not there."""

    name = forms.CharField(required=False, max_length=30, label=gettext_lazy("Name"))
    first = forms.IntegerField(required=False, label=gettext_lazy("From"))
    last = forms.IntegerField(required=False, label=gettext_lazy("To"))
    pad = forms.IntegerField(required=False, min_value=0, max_value=20, label=gettext_lazy("Minimum digits"))
    values = forms.CharField(required=False, label=gettext_lazy("Or a list of values"), max_length=20_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for name in ("first", "last", "pad"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        self.fields["pad"].widget.attrs |= {"placeholder": "1"}
        self.fields["values"].widget.attrs |= {"placeholder": gettext_lazy("hall, terrace, garden")}
        self.fields["name"].widget.attrs |= {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        for name in ("name", "values"):
            self.fields[name].widget.attrs.pop("maxlength", None)

    def as_api_body(self) -> dict[str, Any]:
        """The variable as the API's pattern has it."""
        found = self.cleaned_data
        words = [word.strip() for word in found.get("values", "").replace("，", ",").split(",") if word.strip()]
        if words:
            return {"values": words}
        numbers = {"from": found.get("first"), "to": found.get("last"), "pad": found.get("pad")}
        body = {name: number for name, number in numbers.items() if number is not None}
        if {"from", "to"} <= set(body) and body["from"] > body["to"]:
            body["step"] = -1
        return body


class PatternForm(forms.Form):
    """`table={n}` with the values of {n}; always bound, so that it can show what it makes."""

    scene_pattern = forms.CharField(required=False, label=gettext_lazy("Scene pattern"), strip=False)
    label_pattern = forms.CharField(required=False, label=gettext_lazy("Label pattern"))

    def __init__(self, data: Any = None) -> None:
        super().__init__(data if data and "scene_pattern" in data else FIRST_PATTERN, label_suffix="")
        self.pattern: dict[str, Any] = {}
        for name in self.fields:
            self.fields[name].widget.attrs |= {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        self.variables = [VariableForm(self.data, prefix=f"variable-{number}") for number in range(VARIABLES)]

    @property
    def has_further(self) -> bool:
        """Whether more than the first variable is in use."""
        return any(str(each["name"].value() or "") for each in self.variables[1:])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        variables = {}
        for each in self.variables:
            if not each.is_valid():
                for name, messages in each.errors.items():
                    self.add_error(None, [f"{each.fields[name].label}: {message}" for message in messages])
            elif each.cleaned_data["name"]:
                variables[each.cleaned_data["name"].strip("{} ")] = each.as_api_body()
        columns = {"scene": cleaned.get("scene_pattern", ""), "label": cleaned.get("label_pattern", "")}
        self.pattern = {
            "columns": {name: text for name, text in columns.items() if text},
            "variables": variables,
        }
        return cleaned

    def source(self, *, kind: str) -> RowSource:
        """The rows that the pattern makes. Raises InvalidRequest."""
        body = BatchInput(data={"appid": "-", "pattern": self.pattern})
        if not body.is_valid():
            raise InvalidRequest(_("The pattern is not valid."), errors={"pattern": flat(body.errors)})
        pattern = body.validated_data["pattern"]
        if kind in PATH_KINDS:
            pattern["columns"] = {
                "page" if name == "scene" else name: text for name, text in pattern["columns"].items()
            }
        return source_of_pattern(pattern)


class OrderForm(LookForm):
    """Everything that makes a batch but an uploaded file, which the view keeps."""

    name = forms.CharField(
        required=False,
        max_length=NAME_MAX_LENGTH,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For example “Tables, spring 2026”. Leave blank to use the file name or the date."),
    )
    source = forms.ChoiceField(choices=SOURCES, initial=FILE)
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=PASTED_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 9}),
        label=gettext_lazy("Rows"),
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=KINDS, initial=Kind.UNLIMITED, label=gettext_lazy("Kind of code"))
    tags = forms.CharField(
        required=False,
        label=gettext_lazy("Tags"),
        help_text=gettext_lazy("Separated by commas, for every code of the batch."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.defaults: dict[str, Any] = {}
        self.pattern = PatternForm(self.data if self.is_bound else self.initial)
        for name in ("name", "text"):
            # the browser would cut a pasted text in silence
            self.fields[name].widget.attrs.pop("maxlength", None)
        self.fields["text"].widget.attrs |= {"class": "mono", "spellcheck": "false", "wrap": "off"}

    def mark(self, name: str, messages: list[str]) -> None:
        """Tell `messages` at a field of a form that nobody has sent yet."""
        self._errors = ErrorDict({name: self.error_class(messages)}, renderer=self.renderer)

    @property
    def chosen_source(self) -> str:
        """file, text or pattern."""
        chosen = str(self["source"].value())
        return chosen if chosen in (FILE, TEXT, PATTERN) else FILE

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        body = self.look_as_api_body(cleaned) | {"kind": cleaned.get("kind", Kind.UNLIMITED.value)}
        body |= {"tags": read_tags(cleaned)}
        known = BatchInput(
            data={name: value for name, value in body.items() if name not in NOT_FOR.get(body["kind"], ())}
        )
        if known.is_valid():
            self.defaults = {name: value for name, value in known.validated_data.items() if name != "appid"}
            self.defaults["tags"] = tuple(dict.fromkeys(self.defaults["tags"]))
        for name, messages in known.errors.items():
            self.add_error(name if name in self.fields else None, flat(messages))
        if cleaned.get("source") == TEXT and not cleaned.get("text", "").strip():
            self.add_error("text", _("Paste at least one row."))
        if cleaned.get("source") == PATTERN and not self.pattern.is_valid():
            self.add_error(None, _("Please check the pattern."))
        return cleaned

    def typed_source(self) -> RowSource:
        """The rows that were pasted or come of the pattern. Raises InvalidRequest."""
        if self.cleaned_data["source"] == TEXT:
            return pasted_source(self.cleaned_data["text"])
        return self.pattern.source(kind=self.cleaned_data["kind"])
