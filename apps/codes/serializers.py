"""What a client sends for a code, and what it gets back."""

import base64
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.urls import get_script_prefix
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from apps.api.serializers import UnknownFieldsRefused
from apps.codes.checking import TAGS_MAX_COUNT, find_kind_problems, find_page_problems
from apps.codes.fields import (
    KnownChoiceField,
    LineColorField,
    LineField,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    TagsField,
)
from apps.codes.models import (
    EXTERNAL_ID_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    PATH_KINDS,
    TAG_MAX_LENGTH,
    Door,
    EarlierPicture,
    FailedAttempt,
    IssuedCode,
    Kind,
)
from apps.codes.pictures import read_image
from apps.miniprograms.models import EnvVersion
from apps.wechat import rules
from apps.wechat.types import LIMITED_PATH_MAX_LENGTH, QRCODE_PATH_MAX_BYTES, SCENE_MAX_LENGTH, WIDTH_MAX, WIDTH_MIN

T = TypeVar("T")
# how answers write a colour and a moment
LINE_COLOR = LineColorField()
MOMENT = serializers.DateTimeField()


class CodeInput(UnknownFieldsRefused, serializers.Serializer[Any]):
    """The body of `POST codes/`. Omitted fields take the mini-program’s defaults."""

    appid = StrictCharField(
        max_length=64,
        help_text="The mini-program that the code opens.",
        error_messages=dict.fromkeys(
            ("required", "blank"), _("Enter the appid of the mini-program that the code opens.")
        ),
    )
    kind = KnownChoiceField(choices=Kind.choices, required=False, help_text="Which of WeChat’s code APIs.")
    scene = StrictCharField(
        required=False,
        trim_whitespace=False,
        allow_blank=True,
        help_text=f"Kind unlimited: 1 to {SCENE_MAX_LENGTH} characters of 0-9 A-Z a-z and !#$&'()*+,/:;=?@-._~",
    )
    page = StrictCharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text=(
            "Without leading / and without parameters. Empty or left out: the mini-program’s default "
            "page, or the home page if it has none. `/` alone is the home page."
        ),
    )
    path = StrictCharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text=f"Kinds limited and qrcode: the page with its query, up to {LIMITED_PATH_MAX_LENGTH} characters "
        f"(qrcode: {QRCODE_PATH_MAX_BYTES} bytes).",
    )
    env_version = KnownChoiceField(choices=EnvVersion.choices, required=False)
    check_path = StrictBooleanField(required=False, help_text="Check that the page is published.")
    width = StrictIntegerField(required=False, help_text=f"Pixels, {WIDTH_MIN} to {WIDTH_MAX}.")
    auto_color = StrictBooleanField(required=False)
    line_color = LineColorField(required=False, help_text="Used when auto_color is off.")
    is_hyaline = StrictBooleanField(required=False, help_text="Transparent background; the image is a PNG.")
    label = LineField(  # type: ignore[assignment]
        required=False, allow_blank=True, max_length=LABEL_MAX_LENGTH
    )
    tags = TagsField(required=False, max_length=TAGS_MAX_COUNT, longest=TAG_MAX_LENGTH)
    external_id = LineField(
        required=False, allow_blank=True, max_length=EXTERNAL_ID_MAX_LENGTH, help_text="Your own ID for this code."
    )

    def to_internal_value(self, data: Any) -> Any:
        wrong = find_kind_problems(data)
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as exc:
            if wrong and isinstance(exc.detail, dict):
                raise serializers.ValidationError({**wrong, **exc.detail}) from exc
            raise
        if wrong:
            raise serializers.ValidationError(wrong)
        return value

    def validate_scene(self, scene: str) -> str:
        # whether there must be one depends on the kind (find_kind_problems)
        return _accept(scene, rules.scene_problems(scene) if scene else [])

    def validate_page(self, page: str) -> str:
        return _accept(page, find_page_problems(page))

    def validate_width(self, width: int) -> int:
        return _accept(width, rules.width_problems(width))


class CodeOutput(serializers.Serializer[IssuedCode]):
    """A code: the parameters that were used, and the URL of its image."""

    # one by one, because a ModelSerializer finds them out for every answer again, at a millisecond each time
    # for the OpenAPI document
    optional_fields = ("image_data", "is_reused")

    id = serializers.IntegerField()
    appid = serializers.CharField(source="miniprogram.appid")
    kind = serializers.ChoiceField(choices=Kind.choices)
    scene = serializers.CharField()
    page = serializers.CharField(help_text="An empty text is the home page; a request asks for it with `/`.")
    path = serializers.SerializerMethodField(help_text="Kinds limited and qrcode: the page with its query.")
    env_version = serializers.ChoiceField(choices=EnvVersion.choices)
    check_path = serializers.BooleanField()
    width = serializers.IntegerField(help_text="Requested width in pixels.")
    auto_color = serializers.BooleanField()
    line_color = LineColorField()
    is_hyaline = serializers.BooleanField()
    label = serializers.CharField()  # type: ignore[assignment]
    tags = serializers.SerializerMethodField()
    external_id = serializers.CharField()
    num_used = serializers.IntegerField(
        allow_null=True,
        help_text=(
            "Kinds limited and qrcode: how many of the mini-program’s 100,000 codes are used, including this one."
        ),
    )
    media_type = serializers.CharField(help_text="image/jpeg, or image/png for a transparent code.")
    image_size = serializers.IntegerField(help_text="Bytes.")
    image_width = serializers.IntegerField(help_text="Pixels, as returned by WeChat.")
    image_url = serializers.SerializerMethodField(help_text="URL of the image; it needs the same authentication.")
    image_data = serializers.SerializerMethodField(help_text="The image as a data URL, with ?embed=data_url.")
    client = serializers.CharField(source="client.name", default=None, allow_null=True)
    issued_by = serializers.CharField()
    door = serializers.ChoiceField(choices=Door.choices)
    issued_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    is_reused = serializers.SerializerMethodField(help_text="Whether the code already existed.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if not self.context.get("embed") and not self._is_described():
            del fields["image_data"]
        if "is_reused" not in self.context and not self._is_described():
            del fields["is_reused"]
        return fields

    def to_representation(self, code: IssuedCode) -> dict[str, Any]:
        """What the fields above say, in a twentieth of the time that they take to say it; a test compares the two."""
        told: dict[str, Any] = {
            "id": code.pk,
            "appid": code.miniprogram.appid,
            "kind": code.kind,
            "scene": code.scene,
            "page": code.page,
            "path": self.get_path(code),
            "env_version": code.env_version,
            "check_path": code.check_path,
            "width": code.width,
            "auto_color": code.auto_color,
            "line_color": LINE_COLOR.to_representation(code.line_color),
            "is_hyaline": code.is_hyaline,
            "label": code.label,
            "tags": self.get_tags(code),
            "external_id": code.external_id,
            "num_used": code.num_used,
            "media_type": code.media_type,
            "image_size": code.image_size,
            "image_width": code.image_width,
            "image_url": self.get_image_url(code),
        }
        if self.context.get("embed"):
            told["image_data"] = self.get_image_data(code)
        told |= {
            "client": code.client.name if code.client_id is not None and code.client is not None else None,
            "issued_by": code.issued_by,
            "door": code.door,
            "issued_at": MOMENT.to_representation(code.issued_at),
            "archived_at": None if code.archived_at is None else MOMENT.to_representation(code.archived_at),
        }
        if "is_reused" in self.context:
            told["is_reused"] = self.get_is_reused(code)
        return told

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_tags(self, code: IssuedCode) -> list[str]:
        return [tag.name for tag in code.tags.all()]

    @extend_schema_field({"type": "string", "nullable": True})
    def get_path(self, code: IssuedCode) -> str | None:
        return code.page if code.kind in PATH_KINDS else None

    @extend_schema_field(OpenApiTypes.URI)
    def get_image_url(self, code: IssuedCode) -> str:
        return image_url(self.context["request"], code.pk, version=code.reissues)

    @extend_schema_field(OpenApiTypes.STR)
    def get_image_data(self, code: IssuedCode) -> str:
        return f"data:{code.media_type};base64,{base64.b64encode(read_image(code)).decode()}"

    @extend_schema_field(OpenApiTypes.BOOL)
    def get_is_reused(self, code: IssuedCode) -> bool:
        return bool(self.context["is_reused"])

    def _is_described(self) -> bool:
        """Whether this is for the OpenAPI document, which lists the optional fields too."""
        return getattr(self.context.get("view"), "swagger_fake_view", False)


class EarlierPictureOutput(serializers.Serializer[EarlierPicture]):
    """An image that was replaced, and the parameters it was requested with."""

    version = serializers.IntegerField(help_text="0: the one that the code was created with.")
    width = serializers.IntegerField()
    auto_color = serializers.BooleanField()
    line_color = LineColorField()
    is_hyaline = serializers.BooleanField()
    media_type = serializers.CharField()
    image_size = serializers.IntegerField(help_text="Bytes.")
    image_width = serializers.IntegerField(help_text="Pixels, as returned by WeChat.")
    image_url = serializers.SerializerMethodField()
    replaced_at = serializers.DateTimeField()
    replaced_by = serializers.CharField()

    @extend_schema_field(OpenApiTypes.URI)
    def get_image_url(self, picture: EarlierPicture) -> str:
        return image_url(self.context["request"], picture.code_id, version=picture.version, is_earlier=True)


class CodeDetailOutput(CodeOutput):
    """A code with its previous images."""

    reissues = serializers.IntegerField(help_text="How often the image was regenerated.")
    earlier_pictures = EarlierPictureOutput(many=True, help_text="Newest first.")

    def to_representation(self, code: IssuedCode) -> dict[str, Any]:
        earlier: QuerySet[EarlierPicture] = code.earlier_pictures.all()
        shown = EarlierPictureOutput(context=self.context)
        return super().to_representation(code) | {
            "reissues": code.reissues,
            "earlier_pictures": [shown.to_representation(picture) for picture in earlier],
        }


class ChangeInput(UnknownFieldsRefused, serializers.Serializer[Any]):
    """The body of `PATCH codes/{id}/`; omitted fields stay as they are."""

    label = LineField(required=False, allow_blank=True, max_length=LABEL_MAX_LENGTH)  # type: ignore[assignment]
    tags = TagsField(
        required=False,
        max_length=TAGS_MAX_COUNT,
        longest=TAG_MAX_LENGTH,
        help_text="All tags of the code from now on.",
    )


class ReissueInput(UnknownFieldsRefused, serializers.Serializer[Any]):
    """The body of `POST codes/{id}/reissue`, which can be empty; omitted fields stay as they are."""

    width = StrictIntegerField(required=False, help_text=f"Pixels, {WIDTH_MIN} to {WIDTH_MAX}.")
    auto_color = StrictBooleanField(required=False)
    line_color = LineColorField(required=False)
    is_hyaline = StrictBooleanField(required=False)

    def validate_width(self, width: int) -> int:
        return _accept(width, rules.width_problems(width))


class FailedAttemptOutput(serializers.Serializer[FailedAttempt]):
    """A failed request for a code: the request, the error and how to fix it."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    appid = serializers.CharField(source="miniprogram.appid")
    kind = serializers.ChoiceField(choices=Kind.choices)
    scene = serializers.CharField()
    page = serializers.CharField(help_text="Kinds limited and qrcode: the path.")
    env_version = serializers.CharField()
    requested_by = serializers.CharField()
    door = serializers.ChoiceField(choices=Door.choices)
    code = serializers.CharField(help_text="The code of the problem that the caller received.")
    errcode = serializers.IntegerField(allow_null=True, help_text="WeChat’s errcode, if WeChat rejected the call.")
    rid = serializers.CharField(help_text="WeChat’s ID of the call.")
    detail = serializers.CharField()
    advice = serializers.CharField(source="cure", help_text="What to do about the errcode; empty where unknown.")
    took_ms = serializers.IntegerField()


def image_url(request: Request, code_id: int, *, version: int, is_earlier: bool = False) -> str:
    """Where a picture is: another address for every picture, since it may be kept for ever."""
    suffix = f"?version={version}" if version or is_earlier else ""
    return str(request.build_absolute_uri(f"{get_script_prefix()}api/v1/codes/{code_id}/image{suffix}"))


def _accept(value: T, problems: list[str]) -> T:
    if problems:
        raise serializers.ValidationError(problems)
    return value
