"""The code endpoints of the REST API: issue one, list the history, look at one, fetch its picture."""

from typing import Any, cast

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, renderers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.pagination import NewestFirst
from apps.clients.caller import Caller
from apps.clients.grants import get_granted_miniprogram
from apps.codes import pictures
from apps.codes.filters import CodeFilter
from apps.codes.history import History, Wanted, read_rows
from apps.codes.models import Door, IssuedCode
from apps.codes.requests import Issuer, code_request
from apps.codes.serializers import CodeInput, CodeOutput
from apps.codes.services import issue_code
from apps.errors import InvalidRequest, NotFound

# The picture of a code never changes, but only those who may see the code may keep it.
IMMUTABLE = "private, max-age=31536000, immutable"
EMBED = "data_url"


class CodePages(NewestFirst):
    """Finds the ids of a page first, then reads those rows with everything that is shown."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        rows: list[Any] | None = super().paginate_queryset(queryset, request, view)
        return None if rows is None else read_rows(rows)


class PictureRenderer(renderers.BaseRenderer):
    """Stands for `Accept: image/*`; the view answers with the bytes themselves."""

    media_type = "image/*"
    format = "image"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


class CodeList(generics.ListAPIView[IssuedCode]):
    """`GET codes/` lists the history, newest first; `POST codes/` issues a code."""

    required_scopes = {"GET": "codes:read", "POST": "codes:create"}
    serializer_class = CodeOutput
    filterset_class = CodeFilter
    pagination_class = CodePages
    renderer_classes = [renderers.JSONRenderer, PictureRenderer]

    def get_queryset(self) -> Any:
        """A History, which reads like a queryset as far as cursor pages need."""
        if getattr(self, "swagger_fake_view", False):
            return IssuedCode.objects.none()
        return History(Wanted(appids=_caller(self.request).appids))

    @extend_schema(operation_id="list_codes")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The history of issued codes, newest first."""
        request.accepted_renderer = renderers.JSONRenderer()
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="issue_code",
        request=CodeInput,
        parameters=[OpenApiParameter("embed", str, enum=[EMBED], description="Adds `image_data` to the answer.")],
        responses={
            (200, "application/json"): OpenApiResponse(CodeOutput, description="Issued before: the stored code."),
            (201, "application/json"): OpenApiResponse(CodeOutput, description="A new code."),
            (200, "image/*"): OpenApiTypes.BINARY,
            (201, "image/*"): OpenApiTypes.BINARY,
        },
        examples=[
            OpenApiExample(
                "A table in a restaurant",
                value={"appid": "wx0123456789abcdef", "scene": "table=7", "page": "pages/index/index"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        """Issue a code, or get the identical one that was issued before (200 instead of 201)."""
        body = CodeInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        embed = _read_embed(request)
        caller = _caller(request)
        miniprogram = get_granted_miniprogram(caller, given.pop("appid"))
        issued = issue_code(
            miniprogram=miniprogram,
            request=code_request(miniprogram, **given),
            issuer=Issuer(label=caller.label, door=Door.API, client_id=caller.client_id),
        )
        answer_status = status.HTTP_200_OK if issued.is_reused else status.HTTP_201_CREATED
        if getattr(request.accepted_renderer, "format", "") == PictureRenderer.format:
            answer: HttpResponse = HttpResponse(
                pictures.read_image(issued.code), status=answer_status, content_type=issued.code.media_type
            )
        else:
            context = {"request": request, "embed": embed, "is_reused": issued.is_reused}
            answer = Response(CodeOutput(issued.code, context=context).data, status=answer_status)
        answer["X-Code-Id"] = str(issued.code.pk)
        answer["X-Code-Reused"] = "true" if issued.is_reused else "false"
        if issued.code.num_used is not None:
            answer["Num-Used"] = str(issued.code.num_used)
        answer["Location"] = f"/api/v1/codes/{issued.code.pk}/"
        return answer


class CodeDetail(generics.RetrieveAPIView[IssuedCode]):
    """`GET codes/{id}/`: one code of the history."""

    required_scopes = {"GET": "codes:read"}
    serializer_class = CodeOutput

    @extend_schema(operation_id="get_code")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One issued code."""
        return Response(self.get_serializer(get_visible_code(_caller(request), kwargs["pk"])).data)


class CodeImageView(APIView):
    """`GET codes/{id}/image`: the picture itself."""

    required_scopes = {"GET": "codes:read"}
    renderer_classes = [PictureRenderer, renderers.JSONRenderer]

    @extend_schema(
        operation_id="get_code_image",
        parameters=[
            OpenApiParameter("width", int, enum=list(pictures.COPY_WIDTHS), description="A smaller copy, in pixels."),
            OpenApiParameter("download", str, enum=["1"], description="Answer as a file to save."),
        ],
        responses={(200, "image/*"): OpenApiTypes.BINARY, 304: None},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The picture, immutable, with a strong ETag."""
        code = get_visible_code(_caller(request), pk)
        width = _read_width(request)
        entity_tag = pictures.etag(code, width=width)
        if entity_tag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]:
            answer = HttpResponse(status=304)
        else:
            answer = HttpResponse(pictures.read_image(code, width=width), content_type=code.media_type)
            answer["X-Content-Type-Options"] = "nosniff"
            if request.query_params.get("download"):
                disposition = content_disposition_header(as_attachment=True, filename=pictures.file_name(code))
                answer["Content-Disposition"] = disposition or "attachment"
        answer["ETag"] = entity_tag
        answer["Cache-Control"] = IMMUTABLE
        return answer


def get_visible_code(caller: Caller, pk: int) -> IssuedCode:
    """The code with this id if the caller may see it. Raises NotFound."""
    code: IssuedCode | None = IssuedCode.objects.with_facts().visible_to(caller.appids).filter(pk=pk).first()
    if code is None:
        raise NotFound(_("No code %(id)d, or it belongs to a mini-program that this key may not use.") % {"id": pk})
    return code


def _caller(request: Request) -> Caller:
    return cast(Caller, request.auth)


def _read_embed(request: Request) -> bool:
    asked = request.query_params.get("embed")
    if asked not in (None, "", EMBED):
        raise InvalidRequest(
            _("embed knows only the value data_url."), errors={"embed": [str(_("Use data_url or leave it out."))]}
        )
    return asked == EMBED


def _read_width(request: Request) -> int | None:
    asked = request.query_params.get("width")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or int(asked[:6]) not in pictures.COPY_WIDTHS:
        known = ", ".join(map(str, pictures.COPY_WIDTHS))
        message = _("Use one of %(known)s, or leave it out for the original.") % {"known": known}
        raise InvalidRequest(_("This width is not kept."), errors={"width": [message]})
    return int(asked)
