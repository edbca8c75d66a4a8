"""The endpoints of all codes: issue one, list the history, list what failed."""

import json
from typing import Any, cast

from django.http import HttpResponse
from django.urls import get_script_prefix
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, renderers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import NewestFirst
from apps.api.parameters import OwnParametersOnly
from apps.api.queries import read_choice
from apps.api.schema import IDEMPOTENCY_KEY
from apps.clients import idempotency
from apps.clients.caller import Caller
from apps.clients.grants import get_granted_miniprogram
from apps.codes import pictures
from apps.codes.examples import PAGE_FIELDS, issued_answer
from apps.codes.filters import CodeFilter, FailedAttemptFilter
from apps.codes.history import History, Wanted, read_rows
from apps.codes.models import Door, FailedAttempt, IssuedCode, Kind
from apps.codes.requests import Issuer, code_request
from apps.codes.serializers import CodeInput, CodeOutput, FailedAttemptOutput
from apps.codes.services import issue_code
from apps.errors import NotFound

# The picture of a code never changes, but only those who may see the code may keep it.
IMMUTABLE = "private, max-age=31536000, immutable"
EMBED = "data_url"
# One for all requests: to copy its fields for each costs half a millisecond, and validation keeps nothing in it.
BODY = CodeInput()


class CodePages(NewestFirst):
    """Finds the ids of a page first, then reads those rows with everything that is shown."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        rows: list[Any] | None = super().paginate_queryset(queryset, request, view)
        return None if rows is None else read_rows(rows, IssuedCode.objects.with_facts())


class PictureRenderer(renderers.BaseRenderer):
    """Stands for `Accept: image/*`; the view answers with the bytes themselves."""

    media_type = "image/*"
    format = "image"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


class CodeList(OwnParametersOnly, generics.ListAPIView[IssuedCode]):
    """`GET codes/` lists the history, newest first; `POST codes/` issues a code."""

    required_scopes = {"GET": "codes:read", "POST": "codes:create"}
    publishable_methods = ("POST",)
    query_parameters = {"POST": ["embed"]}
    serializer_class = CodeOutput
    filterset_class = CodeFilter
    pagination_class = CodePages
    renderer_classes = [renderers.JSONRenderer, PictureRenderer]

    def get_queryset(self) -> Any:
        """A History, which reads like a queryset as far as cursor pages need."""
        if getattr(self, "swagger_fake_view", False):
            return IssuedCode.objects.none()
        return History(Wanted(appids=caller_of(self.request).appids))

    @extend_schema(operation_id="list_codes", responses={(200, "application/json"): CodeOutput(many=True)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List codes, newest first."""
        request.accepted_renderer = renderers.JSONRenderer()
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="issue_code",
        request=CodeInput,
        parameters=[
            OpenApiParameter("embed", str, enum=[EMBED], description="Adds `image_data` to the response."),
            IDEMPOTENCY_KEY,
        ],
        responses={
            (200, "application/json"): issued_answer("Already existed: the stored code.", is_reused=True),
            (201, "application/json"): issued_answer("A new code.", is_reused=False),
            (200, "image/*"): OpenApiTypes.BINARY,
            (201, "image/*"): OpenApiTypes.BINARY,
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a code, or get the identical one if it already exists (200 instead of 201)."""
        # `null` lacks the same fields as `{}`
        given = dict(BODY.run_validation({} if request.data is None else request.data))
        embed = _read_embed(request)
        caller = caller_of(request)
        if given.get("kind", Kind.UNLIMITED) != Kind.UNLIMITED:
            # whoever reads the page could use up the 100,000 of a mini-program's lifetime
            caller.refuse_publishable()
        miniprogram = get_granted_miniprogram(caller, given.pop("appid"))
        # written out only for a request that carries a key
        content = (json.dumps(part, sort_keys=True).encode() for part in ("codes", request.data))
        with idempotency.guard(request.headers, caller, content=content) as is_repeated:
            issued = issue_code(
                miniprogram=miniprogram,
                request=code_request(miniprogram, **given),
                issuer=issuer_of(caller),
            )
        answer_status = status.HTTP_200_OK if issued.is_reused else status.HTTP_201_CREATED
        if getattr(request.accepted_renderer, "format", "") == PictureRenderer.format:
            answer: HttpResponse = HttpResponse(
                pictures.read_image(issued.code), status=answer_status, content_type=issued.code.media_type
            )
        else:
            context = {
                "request": request,
                "embed": embed or caller.is_publishable,
                "is_reused": issued.is_reused,
            }
            told: dict[str, Any] = CodeOutput(issued.code, context=context).data
            if caller.is_publishable:
                told = {name: told[name] for name in PAGE_FIELDS}
            answer = Response(told, status=answer_status)
        answer["X-Code-Id"] = str(issued.code.pk)
        answer["X-Code-Reused"] = "true" if issued.is_reused else "false"
        if issued.code.num_used is not None and not caller.is_publishable:
            answer["Num-Used"] = str(issued.code.num_used)
        answer["Location"] = f"{get_script_prefix()}api/v1/codes/{issued.code.pk}/"
        if is_repeated:
            answer[idempotency.REPLAYED] = "true"
        return answer


class FailedAttemptList(OwnParametersOnly, generics.ListAPIView[FailedAttempt]):
    """`GET failed-attempts/`: codes that were asked for in vain in the last 90 days, newest first."""

    required_scopes = {"GET": "codes:read"}
    serializer_class = FailedAttemptOutput
    filterset_class = FailedAttemptFilter

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return FailedAttempt.objects.none()
        return FailedAttempt.objects.select_related("miniprogram").visible_to(caller_of(self.request).appids)

    @extend_schema(operation_id="list_failed_attempts")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List failed requests, with errcode, rid and solution; kept for 90 days."""
        return super().get(request, *args, **kwargs)


def get_visible_code(caller: Caller, pk: int) -> IssuedCode:
    """The code with this id if the caller may see it. Raises NotFound."""
    code: IssuedCode | None = IssuedCode.objects.with_facts().visible_to(caller.appids).filter(pk=pk).first()
    if code is None:
        raise NotFound(_("No code %(id)d, or this key has no access to its mini-program.") % {"id": pk})
    return code


def caller_of(request: Request) -> Caller:
    """Who asks; the permission has seen to it that somebody does."""
    return cast(Caller, request.auth)


def issuer_of(caller: Caller) -> Issuer:
    """What the history records of who asks through this API."""
    return Issuer(label=caller.label, door=Door.API, client_id=caller.client_id, client_name=caller.name)


def _read_embed(request: Request) -> bool:
    return bool(read_choice(request.query_params, "embed", known=[EMBED]))
