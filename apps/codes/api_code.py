"""The endpoints of one code: look at it, change label and tags, archive it, give it another picture, fetch that."""

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.negotiation import AnyRenderer
from apps.api.parameters import OwnParametersOnly
from apps.api.queries import read_choice, refuse_repeated
from apps.clients.caller import Caller
from apps.codes import pictures
from apps.codes.api import IMMUTABLE, caller_of, get_visible_code, issuer_of
from apps.codes.attachments import attachment
from apps.codes.changes import archive_code, change_code, reissue_code
from apps.codes.checking import find_kind_problems
from apps.codes.models import EarlierPicture, IssuedCode
from apps.codes.serializers import ChangeInput, CodeDetailOutput, ReissueInput
from apps.errors import InvalidRequest, NotFound

# The bare address of a code that was reissued shows another picture than before.
REPLACED = "private, no-cache"
READ = "codes:read"


class CodeDetail(OwnParametersOnly):
    """`GET codes/{id}/`: one code of the history; `PATCH` changes what people call it."""

    required_scopes = {"GET": READ, "PATCH": "codes:create"}

    @extend_schema(operation_id="get_code", responses=CodeDetailOutput)
    def get(self, request: Request, pk: int) -> Response:
        """Get a code, with its previous images."""
        return _told(request, get_visible_code(caller_of(request), pk))

    @extend_schema(operation_id="change_code", request=ChangeInput, responses=CodeDetailOutput)
    def patch(self, request: Request, pk: int) -> Response:
        """Change label and tags. The key also needs codes:read."""
        code = _changeable(request, pk)
        body = ChangeInput(data=request.data)
        body.is_valid(raise_exception=True)
        change_code(code, **body.validated_data)
        return _told(request, get_visible_code(caller_of(request), pk))


class CodeArchive(OwnParametersOnly):
    """`POST codes/{id}/archive` and `unarchive`."""

    required_scopes = {"POST": "codes:create"}
    is_archived = True

    @extend_schema(operation_id="archive_code", request=None, responses=CodeDetailOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Archive a code: it is hidden from lists; its image and its URL still work. The key also needs codes:read."""
        code = _changeable(request, pk)
        archive_code(code, is_archived=self.is_archived)
        return _told(request, code)


class CodeUnarchive(CodeArchive):
    """`POST codes/{id}/unarchive`."""

    is_archived = False

    @extend_schema(operation_id="unarchive_code", request=None, responses=CodeDetailOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Restore an archived code. The key also needs codes:read."""
        return super().post(request, pk)


class CodeReissue(OwnParametersOnly):
    """`POST codes/{id}/reissue`."""

    required_scopes = {"POST": "codes:create"}

    @extend_schema(operation_id="reissue_code", request=ReissueInput, responses=CodeDetailOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Regenerate the image; the previous one is kept.

        Uses one call to WeChat and, for the kinds limited and qrcode, one of the 100,000 lifetime codes. The key also
        needs codes:read.
        """
        code = _changeable(request, pk)
        body = ReissueInput(data=request.data)
        body.is_valid(raise_exception=True)
        looks = dict(body.validated_data)
        # the kind is the code's own, and it may not know every look
        foreign = find_kind_problems({**looks, "kind": code.kind, "path": code.page, "scene": code.scene})
        wrong = {name: found for name, found in foreign.items() if name in looks}
        if wrong:
            raise InvalidRequest(_("This kind of code doesn’t support that appearance."), errors=wrong)
        reissue_code(code, looks=looks, issuer=issuer_of(caller_of(request)))
        return _told(request, code)


class CodeImageView(OwnParametersOnly):
    """`GET codes/{id}/image`: the picture itself."""

    required_scopes = {"GET": "codes:read"}
    query_parameters = {"GET": ["width", "version", "download"]}
    renderer_classes = [AnyRenderer]

    @extend_schema(
        operation_id="get_code_image",
        parameters=[
            OpenApiParameter("width", int, enum=list(pictures.COPY_WIDTHS), description="A smaller copy, in pixels."),
            OpenApiParameter(
                "version", int, description="A previous image of a code whose image was regenerated; 0 is the first."
            ),
            OpenApiParameter("download", str, enum=["1"], description="Return as a file to save."),
        ],
        responses={(200, "image/*"): OpenApiTypes.BINARY, 304: None},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Get the image: immutable, with a strong ETag."""
        code = get_visible_code(caller_of(request), pk)
        width, version = _read_width(request), _read_version(request)
        is_download = bool(read_choice(request.query_params, "download", known=["1"]))
        picture = code if version is None or version == code.reissues else _find_earlier(code, version)
        entity_tag = pictures.etag(picture, width=width)
        if _is_known(entity_tag, request.headers.get("If-None-Match", "")):
            answer = HttpResponse(status=304)
            # what a browser keeps must not learn that it is a page
            del answer["Content-Type"]
        else:
            answer = HttpResponse(pictures.read_image(picture, width=width), content_type=picture.media_type)
            answer["X-Content-Type-Options"] = "nosniff"
            if is_download:
                answer["Content-Disposition"] = attachment(pictures.file_name(code))
        answer["ETag"] = entity_tag
        answer["Cache-Control"] = IMMUTABLE if version is not None or not code.reissues else REPLACED
        return answer


def _changeable(request: Request, pk: int) -> IssuedCode:
    """The code, for a caller who may see codes too: a key that may only create them changes none."""
    caller: Caller = caller_of(request)
    caller.require_scope(READ)
    return get_visible_code(caller, pk)


def _told(request: Request, code: IssuedCode) -> Response:
    return Response(CodeDetailOutput(code, context={"request": request}).data)


def _find_earlier(code: IssuedCode, version: int) -> EarlierPicture:
    found: EarlierPicture | None = EarlierPicture.objects.filter(code=code, version=version).first()
    if found is None:
        raise NotFound(
            _("Code %(id)d has no image version %(version)d.") % {"id": code.pk, "version": version},
            advice=_("Its images are listed in `earlier_pictures` of the code."),
        )
    return found


def _is_known(entity_tag: str, asked: str) -> bool:
    """Whether If-None-Match names this picture, as RFC 9110, 13.1.2 compares: a proxy may have made the tag weak."""
    tags = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
    return tags == ["*"] or entity_tag in tags


def _read_version(request: Request) -> int | None:
    refuse_repeated(request.query_params, ["version"])
    asked = request.query_params.get("version")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 9:
        message = str(_("Use a whole number, or omit it for the current image."))
        raise InvalidRequest(_("Not a valid image version."), errors={"version": [message]})
    return int(asked)


def _read_width(request: Request) -> int | None:
    refuse_repeated(request.query_params, ["width"])
    asked = request.query_params.get("width")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or int(asked[:6]) not in pictures.COPY_WIDTHS:
        known = ", ".join(map(str, pictures.COPY_WIDTHS))
        message = _("Use one of %(known)s, or leave it out for the original.") % {"known": known}
        raise InvalidRequest(_("No image of this width is available."), errors={"width": [message]})
    return int(asked)
