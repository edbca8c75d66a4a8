"""Issuing a code: the identical one if it exists, else WeChat's picture, stored before the row that points to it."""

import logging
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.codes.bulk import get_tags, new_failed_attempt, stored_digests
from apps.codes.drawing import draw_code
from apps.codes.kept_pictures import forget_picture
from apps.codes.lifetime import is_page_noted, note_pages
from apps.codes.models import PATH_KINDS, SEARCHED, FailedAttempt, IssuedCode, Tag
from apps.codes.permits import take_permit
from apps.codes.requests import CodeRequest, Issuer
from apps.coordination.counting import tally
from apps.coordination.single_flight import single_flight
from apps.errors import Conflict, WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.prepared import PreparedInsert, PreparedRow
from apps.tokens.database import release_database
from apps.tokens.refreshing import refuse_if_inactive
from apps.wechat.errors import WeChatLeftAlone

logger = logging.getLogger(__name__)

# Beyond the slowest code call: connecting, one token refresh and its repeat, storing.
LEASE_MARGIN_SECONDS = 15.0
same_request = PreparedRow(IssuedCode, "miniprogram", "digest")
new_code = PreparedInsert(IssuedCode)


class ExternalIdTaken(Conflict):
    """The caller's own name already belongs to another code."""

    code = "external_id_taken"
    title = _("external_id is already used")


@dataclass(frozen=True)
class Issued:
    """The code, and whether it was there already (no call to WeChat was made)."""

    code: IssuedCode
    is_reused: bool


def issue_code(*, miniprogram: MiniProgram, request: CodeRequest, issuer: Issuer) -> Issued:
    """The code for `request`: the stored identical one, or a new one from WeChat.

    Equal requests at the same moment, in whatever processes, make one call. Every failure of a call leaves a
    FailedAttempt. Raises MiniProgramInactive, ExternalIdTaken, PermitRefused, WaitedTooLong,
    CoordinationUnavailable, StorageUnavailable, SecretUnavailable, WeChatError.
    """
    refuse_if_inactive_for_codes(miniprogram)
    (request_digest,) = stored_digests(miniprogram, [request])
    issued_now: list[IssuedCode] = []

    def lead() -> IssuedCode:
        issued_now.append(_ask_and_store(miniprogram, request, request_digest, issuer))
        return issued_now[0]

    lease = 2 * (settings.WECHAT_CODE_TIMEOUT + settings.WECHAT_CONNECT_TIMEOUT) + LEASE_MARGIN_SECONDS
    identical = partial(_find_identical, miniprogram, request_digest)
    code = single_flight(
        f"code:{miniprogram.appid}:{request_digest}",
        lead=lead,
        ready=identical,
        lease_seconds=lease,
        wait_seconds=lease,
        before_wait=release_database,
    )
    if issued_now:
        tally("codes", miniprogram.appid, "issued")
        return Issued(code, is_reused=False)
    tally("codes", miniprogram.appid, "reused")
    return Issued(_with_facts(adopt_external_id(code, request, issuer), issuer), is_reused=True)


def refuse_if_inactive_for_codes(miniprogram: MiniProgram) -> None:
    """Raise MiniProgramInactive for one that is switched off; a paused refresh alone does not stop codes."""
    if not miniprogram.is_active:
        refuse_if_inactive(miniprogram)


def _find_identical(miniprogram: MiniProgram, request_digest: str) -> IssuedCode | None:
    code = same_request.find(miniprogram.pk, request_digest)
    if code is not None:
        code.miniprogram = miniprogram
    return code


def _with_facts(code: IssuedCode, issuer: Issuer) -> IssuedCode:
    code.read_tags()
    _remember_client(code, issuer)
    return code


def _remember_client(code: IssuedCode, issuer: Issuer) -> None:
    if code.client_id is not None and code.client_id == issuer.client_id and issuer.client_name:
        code.remember_client(issuer.client_name)


def _ask_and_store(miniprogram: MiniProgram, request: CodeRequest, request_digest: str, issuer: Issuer) -> IssuedCode:
    _refuse_taken_external_id(request, issuer, code_id=None)
    started = time.monotonic()
    try:
        code = draw_code(
            miniprogram, request, digest=request_digest, issuer=issuer, acquire=partial(take_permit, miniprogram)
        )
    except WxcodeError as error:
        took_ms = int((time.monotonic() - started) * 1000)
        record_failure(miniprogram, request, issuer, error, took_ms=took_ms)
        raise
    return _insert(code, request, issuer)


def _insert(code: IssuedCode, request: CodeRequest, issuer: Issuer) -> IssuedCode:
    try:
        tags = _write(code, request)
    except IntegrityError:
        # a leader whose lease ran out while WeChat was slow has been overtaken, or external_id was taken meanwhile
        identical = _find_identical(code.miniprogram, code.digest)
        if identical is None:
            _refuse_taken_external_id(request, issuer, code_id=None)
            raise
        return _with_facts(adopt_external_id(identical, request, issuer), issuer)
    if code.kind in PATH_KINDS:
        forget_picture(code.miniprogram, code.digest)
    code.remember_tags(tags)
    _remember_client(code, issuer)
    return code


def _write(code: IssuedCode, request: CodeRequest) -> list[Tag]:
    with transaction.atomic() if request.tags or is_page_noted(code) else nullcontext():
        new_code.insert(code)
        note_pages(code.miniprogram, [code])
        tags = list(get_tags(request.tags).values())
        if tags:
            code.tags.set(tags, through_defaults=code.tag_defaults)
    return tags


def adopt_external_id(code: IssuedCode, request: CodeRequest, issuer: Issuer) -> IssuedCode:
    """Give a stored code the caller's external_id if it has none.

    Raises ExternalIdTaken where the code has another one, belongs to another client, or another code has this one.
    """
    if not request.external_id or (code.external_id, code.client_id) == (request.external_id, issuer.client_id):
        return code
    if code.client_id != issuer.client_id:
        raise ExternalIdTaken(
            _("This code was already created by another client; only that client can set its external_id."),
            advice=_("Omit external_id to reuse that code, or change the scene to get a separate one."),
        )
    if code.external_id:
        raise ExternalIdTaken(
            _("This code already exists with the external_id “%(known)s”.") % {"known": code.external_id},
            advice=_("Use that external_id, or change the scene to get a code of its own."),
        )
    _refuse_taken_external_id(request, issuer, code_id=code.pk)
    code.external_id = request.external_id
    try:
        with transaction.atomic():
            code.save(update_fields=["external_id", *SEARCHED])
    except IntegrityError:
        # given to another code since it was looked for
        _refuse_taken_external_id(request, issuer, code_id=code.pk)
        raise
    return code


def _refuse_taken_external_id(request: CodeRequest, issuer: Issuer, *, code_id: int | None) -> None:
    if not request.external_id:
        return
    taken = (
        IssuedCode.objects.filter(client_id=issuer.client_id, external_id=request.external_id)
        .exclude(pk=code_id or 0)
        .first()
    )
    if taken is not None:
        raise ExternalIdTaken(
            _("The external_id “%(external_id)s” belongs to code %(id)d, which has different parameters.")
            % {"external_id": request.external_id, "id": taken.pk},
            advice=_("Use another external_id, or request that code with the parameters it was created with."),
        )


def record_failure(
    miniprogram: MiniProgram, request: CodeRequest, issuer: Issuer, error: WxcodeError, *, took_ms: int
) -> None:
    """Leave a FailedAttempt, a line in the log and a count; of a call that was not made, the count alone."""
    tally("codes", miniprogram.appid, error.code)
    if isinstance(error, WeChatLeftAlone):
        # a dead WeChat must not fill the history with everybody who was told so
        return
    facts = {"appid": miniprogram.appid, "errcode": error.errcode, "rid": error.rid, "duration_ms": took_ms}
    logger.warning(
        "no code for %s: %s errcode=%s rid=%s", miniprogram.appid, error.code, error.errcode, error.rid, extra=facts
    )
    with suppress(DatabaseError):
        # the caller hears the reason in any case
        new_failed_attempt(miniprogram, request, issuer, error, took_ms=took_ms).save()


def prune_failed_attempts(*, older_than: timedelta) -> int:
    """Delete failed attempts older than that; answer how many."""
    deleted: int = FailedAttempt.objects.older_than(timezone.now() - older_than).delete()[0]
    return deleted
