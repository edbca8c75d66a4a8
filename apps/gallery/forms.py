"""The form that makes a code, and what it shares with batches: choices for people, the API's own rules."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from apps.batches.models import CodeBatch
from apps.codes.checking import find_kind_problems, split_tags
from apps.codes.models import LABEL_MAX_LENGTH, PATH_KINDS, IssuedCode, Kind
from apps.codes.pictures import COPY_WIDTHS
from apps.codes.requests import page_to_ask
from apps.codes.serializers import CodeInput
from apps.miniprograms.models import EnvVersion, MiniProgram, MiniProgramQuerySet

BLACK, AUTO, OWN = "black", "auto", "own"
COLORS = [(BLACK, _("black")), (AUTO, _("automatic (WeChat decides)")), (OWN, _("custom"))]
KINDS_IN_SHORT = {Kind.UNLIMITED: _("unlimited"), Kind.LIMITED: _("limited"), Kind.QRCODE: _("square QR code")}
VERSIONS_IN_SHORT = {
    EnvVersion.RELEASE: _("release"),
    EnvVersion.TRIAL: _("trial"),
    EnvVersion.DEVELOP: _("develop"),
}
KINDS = [
    (Kind.UNLIMITED, _("unlimited (scene)")),
    (Kind.LIMITED, _("limited (path, uses 1 of 100,000)")),
    (Kind.QRCODE, _("square QR code (path, uses 1 of 100,000)")),
]
# fields that the API does not know for a kind, which are hidden then
NOT_FOR = {
    Kind.LIMITED.value: {"check_path"},
    Kind.QRCODE.value: {"check_path", "env_version", "auto_color", "line_color", "is_hyaline"},
}
SCENE_LENGTH = IssuedCode._meta.get_field("scene").max_length
WIDTH = IssuedCode._meta.get_field("width").default
# Offered, not required: those that staff download, and the largest that WeChat draws.
WIDTHS = (*COPY_WIDTHS[1:], 1280)


class LookForm(forms.Form):
    """What one code and a batch have in common: the mini-program, what the code opens, how it looks."""

    miniprogram = forms.ModelChoiceField(
        MiniProgram.objects.none(), to_field_name="appid", empty_label=None, label=_("Mini-program")
    )
    page = forms.CharField(
        required=False,
        label=_("Page"),
        help_text=_(
            "Without a leading / and without parameters. Leave blank for the default page of the mini-program, or the "
            "home page if it has none; enter / for the home page."
        ),
    )
    env_version = forms.ChoiceField(
        choices=EnvVersion.choices, label=_("Version"), help_text=_("Which version of the mini-program opens.")
    )
    check_path = forms.BooleanField(
        required=False,
        label=_("Check that the page is published"),
        help_text=_("Turn off for trial and development versions, or before the first release."),
    )
    width = forms.IntegerField(
        initial=WIDTH, label=_("Width in pixels"), help_text=_("430 for screens, 1280 for print.")
    )
    color = forms.ChoiceField(choices=COLORS, initial=BLACK, label=_("Line colour"))
    line_color = forms.CharField(
        required=False,
        initial="#000000",
        label=_("Custom colour"),
        widget=forms.TextInput(attrs={"type": "color"}),
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Use a colour such as #0b7a45."))],
    )
    is_hyaline = forms.BooleanField(
        required=False, label=_("Transparent background"), help_text=_("The image will be a PNG.")
    )

    def __init__(self, *args: Any, miniprograms: MiniProgramQuerySet, **kwargs: Any) -> None:
        """`miniprograms` are those to choose from."""
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["miniprogram"].queryset = miniprograms  # type: ignore[attr-defined]
        self.fields["page"].widget.attrs |= {"spellcheck": "false", "autocapitalize": "off", "list": "pages"}
        self.fields["width"].widget.attrs |= {"list": "widths"}

    def look_as_api_body(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The fields as the API's body has them."""
        names = ("page", "env_version", "check_path", "width", "is_hyaline")
        body: dict[str, Any] = {name: cleaned[name] for name in names if name in cleaned}
        body |= {"appid": getattr(cleaned.get("miniprogram"), "appid", "-"), "auto_color": cleaned.get("color") == AUTO}
        if cleaned.get("color") == OWN and cleaned.get("line_color"):
            body["line_color"] = _as_parts(cleaned["line_color"])
        elif cleaned.get("color") == BLACK:
            # said aloud: the mini-program's default may be another colour
            body["line_color"] = _as_parts("#000000")
        return body


class CodeForm(LookForm):
    """One code of any kind. `given` are the arguments for `code_request` once the form is valid."""

    kind = forms.ChoiceField(choices=KINDS, initial=Kind.UNLIMITED, required=False, label=_("Kind of code"))
    scene = forms.CharField(
        required=False,
        label=_("Scene"),
        help_text=_("The value that the page receives, for example table=7. Letters, digits and !#$&'()*+,/:;=?@-._~"),
    )
    path = forms.CharField(
        required=False,
        label=_("Path"),
        help_text=_("The page with its parameters, for example pages/index/index?table=7"),
    )
    spend = forms.BooleanField(required=False, label=_("Use up one of the 100,000 codes"))
    label = forms.CharField(
        required=False,
        max_length=LABEL_MAX_LENGTH,
        label=_("Label"),
        help_text=_("A name that people recognise, for example “Table 7, by the window”."),
    )
    tags = forms.CharField(required=False, label=_("Tags"), help_text=_("Separated by commas."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given: dict[str, Any] = {}
        # the browser would cut a pasted text in silence; the server says what is too long
        self.fields["label"].widget.attrs.pop("maxlength", None)
        for name in ("scene", "path"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}

    @property
    def chosen_kind(self) -> str:
        """unlimited, limited or qrcode."""
        chosen = str(self["kind"].value())
        return chosen if chosen in Kind.values else Kind.UNLIMITED.value

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind") or Kind.UNLIMITED.value
        known = CodeInput(data=self._as_api_body(cleaned, kind))
        if known.is_valid():
            self.given = {name: value for name, value in known.validated_data.items() if name != "appid"}
        for name, messages in known.errors.items():
            self.add_error(name if name in self.fields else None, flat(messages))
        if kind in PATH_KINDS and not cleaned.get("spend"):
            self.add_error("spend", _("Tick the box to confirm."))
        return cleaned

    def _as_api_body(self, cleaned: dict[str, Any], kind: str) -> dict[str, Any]:
        body = self.look_as_api_body(cleaned) | {"kind": kind, "tags": read_tags(cleaned)}
        own = "path" if kind in PATH_KINDS else "scene"
        body |= {name: cleaned[name] for name in (own, "label") if name in cleaned}
        foreign = {*NOT_FOR.get(kind, ()), *(("page",) if kind in PATH_KINDS else ())}
        return {name: value for name, value in body.items() if name not in foreign}


def read_tags(cleaned: Mapping[str, Any]) -> list[str]:
    """The tags that were typed with commas or semicolons between them, Chinese ones as well; each once."""
    return split_tags(cleaned.get("tags", ""))


def path_messages(kind: str, path: str) -> list[str]:
    """What is wrong with the path of a code of `kind`; nothing typed yet is nothing wrong yet."""
    return find_kind_problems({"kind": kind, "path": path}).get("path", []) if path else []


def scene_messages(scene: str) -> list[str]:
    """What is wrong with `scene` by the API's rules; nothing typed yet is nothing wrong yet."""
    if not scene:
        return []
    known = CodeInput(data={"appid": "-", "scene": scene})
    known.is_valid()
    return list(map(str, known.errors.get("scene", [])))


def defaults_of(miniprogram: MiniProgram) -> dict[str, Any]:
    """What the form begins with for `miniprogram`."""
    return {
        "miniprogram": miniprogram.appid,
        "page": miniprogram.default_page,
        "env_version": miniprogram.env_version,
        "check_path": miniprogram.checks_path_of(miniprogram.env_version),
        "width": miniprogram.width,
        "color": _color_choice(miniprogram.line_color, is_auto=miniprogram.auto_color),
        "line_color": miniprogram.line_color,
        "is_hyaline": miniprogram.is_hyaline,
    }


def values_of(code: IssuedCode) -> dict[str, Any]:
    """What the form begins with to make one like `code`."""
    copied = ("kind", "scene", "env_version", "check_path", "width", "label")
    values = {name: getattr(code, name) for name in copied} | look_of(code)
    values |= {"path" if code.kind in PATH_KINDS else "page": page_to_ask(code.page, code.miniprogram)}
    values |= {"tags": ", ".join(tag.name for tag in code.tags.all())}
    return values | {"miniprogram": code.miniprogram.appid}


def look_of(drawn: IssuedCode | CodeBatch) -> dict[str, Any]:
    """How `drawn` looks, but for its width, as the form says it."""
    color = _color_choice(drawn.line_color, is_auto=drawn.auto_color)
    return {"color": color, "line_color": drawn.line_color, "is_hyaline": drawn.is_hyaline}


def _color_choice(line_color: str, *, is_auto: bool) -> str:
    if is_auto:
        return AUTO
    return BLACK if line_color == "#000000" else OWN


def _as_parts(color: str) -> dict[str, int]:
    """`#0b7a45` as the API's line_color."""
    return {part: int(color[1 + 2 * i : 3 + 2 * i], 16) for i, part in enumerate("rgb")}


def flat(messages: Any) -> list[str]:
    """All sentences inside what a serializer says is wrong."""
    if isinstance(messages, dict):
        return [sentence for inner in messages.values() for sentence in flat(inner)]
    if isinstance(messages, list | tuple):
        return [sentence for inner in messages for sentence in flat(inner)]
    return [str(messages)]
