"""The batch endpoints of the REST API: order, look, steer. What they answer as files is in downloads.py."""

from dataclasses import replace
from typing import IO, Any, cast

import django_filters
from django.http import QueryDict
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.parameters import OwnParametersOnly
from apps.api.queries import read_choice
from apps.api.schema import IDEMPOTENCY_KEY
from apps.batches import examples as _examples  # noqa: F401  (adds them to the serializers)
from apps.batches import services
from apps.batches.bodies import SpooledBody, SpooledJsonParser, content_pieces, find_source, form_values
from apps.batches.models import BatchItem, BatchItemQuerySet, BatchState, CodeBatch, CodeBatchQuerySet, ItemState
from apps.batches.ordering import BatchOrder, create_batch_once, dry_run, name_batch
from apps.batches.serializers import (
    BatchInput,
    BatchOutput,
    ItemOutput,
    RenameInput,
    ReportOutput,
    RetryInput,
)
from apps.clients.caller import Caller
from apps.clients.grants import get_granted_miniprogram
from apps.clients.idempotency import REPLAYED, find_repeatable
from apps.codes.models import Door
from apps.codes.requests import Issuer
from apps.coordination.idempotency import run_once
from apps.errors import NotFound

TRUE = ("1", "true")
# of the body; everything else is a default for the rows
NOT_DEFAULTS = ("appid", "name", "rows", "file", "text", "pattern", "skip_invalid")


class BatchFilter(django_filters.FilterSet):
    """Every filter may be combined with every other."""

    appid = django_filters.CharFilter(field_name="miniprogram__appid", help_text="One mini-program.")
    state = django_filters.MultipleChoiceFilter(choices=BatchState.choices)
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name.")
    client = django_filters.CharFilter(
        field_name="client__name", help_text="Name of the API client that sent the request."
    )

    class Meta:
        model = CodeBatch
        fields: list[str] = []


class ItemFilter(django_filters.FilterSet):
    """Rows by state, errcode and words."""

    state = django_filters.MultipleChoiceFilter(choices=ItemState.choices)
    errcode = django_filters.NumberFilter(max_digits=9, decimal_places=0)
    search = django_filters.CharFilter(method="filter_search", help_text="Words in scene, label or external_id.")

    class Meta:
        model = BatchItem
        fields: list[str] = []

    def filter_search(self, queryset: BatchItemQuerySet, name: str, value: str) -> BatchItemQuerySet:
        return queryset.matching(value)


class BatchList(OwnParametersOnly, generics.ListAPIView[CodeBatch]):
    """`GET batches/` lists them, newest first; `POST batches/` orders one."""

    required_scopes = {"GET": "codes:read", "POST": "codes:create"}
    serializer_class = BatchOutput
    filterset_class = BatchFilter
    query_parameters = {"POST": ["dry_run"]}
    parser_classes = [SpooledJsonParser, MultiPartParser]
    # the body on disk, set by the parser
    spooled: IO[bytes] | None = None

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        if self.spooled is not None:
            self.spooled.close()
        return super().finalize_response(*args, **kwargs)

    def get_queryset(self) -> CodeBatchQuerySet:
        if getattr(self, "swagger_fake_view", False):
            nobody: CodeBatchQuerySet = CodeBatch.objects.none()
            return nobody
        found: CodeBatchQuerySet = CodeBatch.objects.with_facts().visible_to(_caller(self.request).appids)
        return found

    @extend_schema(operation_id="list_batches")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List batches, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="order_batch",
        request={"application/json": BatchInput, "multipart/form-data": BatchInput},
        parameters=[
            OpenApiParameter(
                "dry_run", str, enum=list(TRUE), description="Check every row; save nothing and use no quota."
            ),
            IDEMPOTENCY_KEY,
        ],
        responses={
            200: OpenApiResponse(ReportOutput, description="With dry_run: the result."),
            201: OpenApiResponse(BatchOutput, description="Created; the batch runs."),
        },
    )
    def post(self, request: Request) -> Response:
        """Create a batch: rows, a CSV or XLSX file, pasted text, or a pattern."""
        order = self._read_order(request)
        content = content_pieces(cast(SpooledBody | QueryDict, request.data), request.FILES.get("file"))
        repeatable = find_repeatable(request.headers, _caller(request), content=content)
        if read_choice(request.query_params, "dry_run", known=TRUE):
            return Response(ReportOutput(dry_run(order)).data)
        batch, is_repeated = self._create_once(request, replace(order, repeatable=repeatable))
        answer = Response(BatchOutput(batch, context={"request": request}).data, status=status.HTTP_201_CREATED)
        answer["Location"] = f"{get_script_prefix()}api/v1/batches/{batch.pk}/"
        if is_repeated:
            answer[REPLAYED] = "true"
        return answer

    def _create_once(self, request: Request, order: BatchOrder) -> tuple[CodeBatch, bool]:
        """The batch, and whether an earlier request with the same Idempotency-Key made it.

        Without Redis such a request is refused (503) rather than done twice.
        """
        if order.repeatable is None:
            return create_batch_once(order)
        is_known = False

        def create() -> str:
            nonlocal is_known
            batch, is_known = create_batch_once(order)
            return str(batch.pk)

        pk, is_repeated = run_once(order.repeatable, create)
        return get_visible_batch(_caller(request), int(pk)), is_repeated or is_known

    def _read_order(self, request: Request) -> BatchOrder:
        sent = request.data
        body = sent if isinstance(sent, SpooledBody) else None
        upload = None if body else request.FILES.get("file")
        fields = BatchInput(data=body.head if body else form_values(cast(QueryDict, sent)))
        fields.is_valid(raise_exception=True)
        given = dict(fields.validated_data)
        caller = _caller(request)
        miniprogram = get_granted_miniprogram(caller, given["appid"])
        defaults = {name: value for name, value in given.items() if name not in NOT_DEFAULTS}
        if "tags" in defaults:
            defaults["tags"] = tuple(dict.fromkeys(defaults["tags"]))
        return BatchOrder(
            miniprogram=miniprogram,
            name=name_batch(given.get("name", ""), getattr(upload, "name", "")),
            source=find_source(body=body, upload=upload, text=given.get("text"), pattern=given.get("pattern")),
            issuer=Issuer(label=caller.label, door=Door.API, client_id=caller.client_id),
            defaults=defaults,
            skip_invalid=given.get("skip_invalid", False),
        )


class BatchDetail(OwnParametersOnly, generics.RetrieveAPIView[CodeBatch]):
    """`GET batches/{id}/`: one batch with its progress."""

    required_scopes = {"GET": "codes:read"}
    serializer_class = BatchOutput

    @extend_schema(operation_id="get_batch")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Get a batch: state, progress, and why it is on hold."""
        return Response(self.get_serializer(get_visible_batch(_caller(request), kwargs["pk"])).data)


class BatchItems(OwnParametersOnly, generics.ListAPIView[BatchItem]):
    """`GET batches/{id}/items/`: its rows."""

    required_scopes = {"GET": "codes:read"}
    serializer_class = ItemOutput
    filterset_class = ItemFilter

    def get_queryset(self) -> BatchItemQuerySet:
        if getattr(self, "swagger_fake_view", False):
            nobody: BatchItemQuerySet = BatchItem.objects.none()
            return nobody
        batch = get_visible_batch(_caller(self.request), self.kwargs["pk"])
        items: BatchItemQuerySet = BatchItem.objects.filter(batch=batch)
        return items

    @extend_schema(operation_id="list_batch_items")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rows of a batch, last row first, with their results."""
        return super().get(request, *args, **kwargs)


class BatchAction(OwnParametersOnly):
    """What all actions on one batch share: POST, then the batch as it is now."""

    required_scopes = {"POST": "codes:create"}

    def act(self, batch: CodeBatch, request: Request) -> None:
        raise NotImplementedError

    def respond(self, request: Request, pk: int) -> Response:
        batch = get_visible_batch(_caller(request), pk)
        self.act(batch, request)
        return Response(BatchOutput(batch, context={"request": request}).data)


class PauseBatch(BatchAction):
    def act(self, batch: CodeBatch, request: Request) -> None:
        services.pause_batch(batch, by=_caller(request).label)

    @extend_schema(operation_id="pause_batch", request=None, responses=BatchOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Pause the batch until it is resumed."""
        return self.respond(request, pk)


class ResumeBatch(BatchAction):
    def act(self, batch: CodeBatch, request: Request) -> None:
        services.resume_batch(batch)

    @extend_schema(operation_id="resume_batch", request=None, responses=BatchOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Resume a paused batch, or retry a batch on hold immediately."""
        return self.respond(request, pk)


class CancelBatch(BatchAction):
    def act(self, batch: CodeBatch, request: Request) -> None:
        services.cancel_batch(batch, by=_caller(request).label)

    @extend_schema(operation_id="cancel_batch", request=None, responses=BatchOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Cancel the batch permanently; codes already created are kept."""
        return self.respond(request, pk)


class RetryBatch(BatchAction):
    def act(self, batch: CodeBatch, request: Request) -> None:
        body = RetryInput(data=request.data)
        body.is_valid(raise_exception=True)
        services.retry_failed(batch, include_lost=body.validated_data.get("include_lost", False))

    @extend_schema(operation_id="retry_batch", request=RetryInput, responses=BatchOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Retry failed rows."""
        return self.respond(request, pk)


class RenameBatch(BatchAction):
    def act(self, batch: CodeBatch, request: Request) -> None:
        body = RenameInput(data=request.data)
        body.is_valid(raise_exception=True)
        services.rename_batch(batch, name=body.validated_data["name"])

    @extend_schema(operation_id="rename_batch", request=RenameInput, responses=BatchOutput)
    def post(self, request: Request, pk: int) -> Response:
        """Rename a batch."""
        return self.respond(request, pk)


def get_visible_batch(caller: Caller, pk: int) -> CodeBatch:
    """The batch with this id if the caller may see it. Raises NotFound."""
    batch: CodeBatch | None = CodeBatch.objects.with_facts().visible_to(caller.appids).filter(pk=pk).first()
    if batch is None:
        raise NotFound(_("No batch %(id)d, or this key has no access to its mini-program.") % {"id": pk})
    return batch


def _caller(request: Request) -> Caller:
    return cast(Caller, request.auth)
