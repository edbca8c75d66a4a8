"""An order is a claimed row on its way through a run; asking for it is what its threads do."""

import time
from dataclasses import dataclass

from django.db import connection

from apps.batches.models import BatchItem, CodeBatch
from apps.codes.drawing import draw_code
from apps.codes.models import IssuedCode
from apps.codes.permits import take_permit
from apps.codes.requests import CodeRequest, Issuer, read_color
from apps.codes.services import issue_code
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram

# A permit that was not used by then is not worth what it was: WeChat's minute has moved on.
PERMIT_GOOD_SECONDS = 0.5


@dataclass(slots=True)
class Order:
    """What to ask for, and how often it was asked for already."""

    item_id: int
    batch_id: int
    request: CodeRequest
    digest: str
    issuer: Issuer
    is_limited_kind: bool
    attempts: int = 0


@dataclass(slots=True)
class Outcome:
    """How an order ended: a new code (unsaved), the id of one that exists, or an error."""

    order: Order
    code: IssuedCode | None = None
    code_id: int | None = None
    error: WxcodeError | None = None
    is_reused: bool = False
    took_ms: int = 0


def new_order(item: BatchItem, batch: CodeBatch) -> Order:
    """The order for a claimed row of `batch`."""
    request = CodeRequest(
        scene=item.scene,
        page=item.page,
        env_version=item.env_version,
        check_path=item.check_path,
        kind=batch.kind,
        width=item.width,
        auto_color=batch.auto_color,
        line_color=read_color(batch.line_color),
        is_hyaline=batch.is_hyaline,
        label=item.label,
        tags=tuple(item.tags),
        external_id=item.external_id,
    )
    issuer = Issuer(label=batch.issued_by, door=batch.door, client_id=batch.client_id)
    return Order(item.pk, batch.pk, request, item.digest, issuer, batch.is_limited_kind, item.attempts)


def ask(order: Order, miniprogram: MiniProgram, *, permit_at: float) -> Outcome:
    """Ask WeChat, with the permit that is good from `permit_at` on (monotonic seconds). Never raises a WxcodeError."""
    started = time.monotonic()
    try:
        outcome = _issue(order, miniprogram) if order.is_limited_kind else _draw(order, miniprogram, permit_at)
    except WxcodeError as error:
        outcome = Outcome(order, error=error)
    finally:
        # fetching a token may have opened one, and this thread may idle long
        connection.close()
    outcome.took_ms = int((time.monotonic() - started) * 1000)
    return outcome


def _draw(order: Order, miniprogram: MiniProgram, permit_at: float) -> Outcome:
    permits = [permit_at]

    def acquire() -> None:
        # the planned permit serves the first call only, and only at its time
        if not permits or time.monotonic() - permits.pop() > PERMIT_GOOD_SECONDS:
            take_permit(miniprogram)

    code = draw_code(miniprogram, order.request, digest=order.digest, issuer=order.issuer, acquire=acquire)
    return Outcome(order, code=code)


def _issue(order: Order, miniprogram: MiniProgram) -> Outcome:
    """The careful way of a single code, for kinds of which every one counts."""
    issued = issue_code(miniprogram=miniprogram, request=order.request, issuer=order.issuer)
    return Outcome(order, code_id=issued.code.pk, is_reused=issued.is_reused)
