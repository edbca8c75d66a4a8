"""What may happen to a code after it was issued: another label and tags, the archive, another picture."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.codes.bulk import get_tags, stored_digests
from apps.codes.drawing import draw_code
from apps.codes.kept_pictures import forget_picture
from apps.codes.models import PATH_KINDS, SEARCHED, EarlierPicture, IssuedCode
from apps.codes.permits import take_permit
from apps.codes.requests import CodeRequest, Issuer, read_color
from apps.codes.services import record_failure, refuse_if_inactive_for_codes
from apps.errors import Conflict, WxcodeError

# How a code looks, which is all that a reissue may change: where it leads stays, or it would be another code.
LOOKS = ("width", "auto_color", "line_color", "is_hyaline")
PICTURE = ("image", "image_sha256", "image_size", "image_width", "media_type")


class SameCodeExists(Conflict):
    """Another code of the mini-program has these very parameters."""

    code = "same_code_exists"
    title = _("An identical code exists")


class ReissuedMeanwhile(Conflict):
    """Somebody else reissued the same code at the same moment."""

    code = "reissued_meanwhile"
    title = _("The code was reissued in the meantime")


def change_code(code: IssuedCode, *, label: str | None = None, tags: Sequence[str] | None = None) -> None:
    """Another label, other tags; None leaves what is there."""
    with transaction.atomic():
        if label is not None:
            code.label = label
            code.save(update_fields=["label", *SEARCHED])
        if tags is not None:
            code.tags.set(get_tags(tags).values(), through_defaults=code.tag_defaults)


def archive_code(code: IssuedCode, *, is_archived: bool) -> None:
    """Hide it from lists, or show it again; the picture works either way. Doing it twice changes nothing."""
    if (code.archived_at is not None) == is_archived:
        return
    code.archived_at = timezone.now() if is_archived else None
    code.save(update_fields=["archived_at"])


def reissue_code(code: IssuedCode, *, looks: Mapping[str, Any], issuer: Issuer) -> None:
    """Another picture from WeChat for the same scene and history; the present one is kept as an EarlierPicture.

    `looks` are those of LOOKS that change. Costs one call, and for the kinds limited and qrcode one of the 100,000.
    Raises SameCodeExists, ReissuedMeanwhile, and what draw_code and take_permit raise.
    """
    refuse_if_inactive_for_codes(code.miniprogram)
    request = _request_of(code, looks)
    (new_digest,) = stored_digests(code.miniprogram, [request])
    same = IssuedCode.objects.filter(miniprogram=code.miniprogram, digest=new_digest).exclude(pk=code.pk).first()
    if same is not None:
        raise SameCodeExists(
            _("Code %(id)d has the same scene, page and appearance.") % {"id": same.pk},
            advice=_("Use that code, or choose a different appearance."),
        )
    started = time.monotonic()
    try:
        fresh = draw_code(
            code.miniprogram, request, digest=new_digest, issuer=issuer, acquire=partial(take_permit, code.miniprogram)
        )
    except WxcodeError as error:
        took_ms = int((time.monotonic() - started) * 1000)
        record_failure(code.miniprogram, request, issuer, error, took_ms=took_ms)
        raise
    _replace_picture(code, fresh, issuer)
    if code.kind in PATH_KINDS:
        forget_picture(code.miniprogram, new_digest)


def find_same_codes(code: IssuedCode, *, widths: Sequence[int]) -> dict[int, IssuedCode]:
    """By width, other codes that have what `code` has but for the width: a reissue with it would be refused."""
    if not widths:
        return {}
    requests = [_request_of(code, {"width": width}) for width in widths]
    digests = dict(zip(stored_digests(code.miniprogram, requests), widths, strict=True))
    found = IssuedCode.objects.filter(miniprogram=code.miniprogram, digest__in=digests).exclude(pk=code.pk)
    return {digests[same.digest]: same for same in found}


def _request_of(code: IssuedCode, looks: Mapping[str, Any]) -> CodeRequest:
    """What the code was asked for with, and `looks` instead of its own."""
    own: dict[str, Any] = {name: getattr(code, name) for name in LOOKS} | {"line_color": read_color(code.line_color)}
    if "line_color" in looks and "auto_color" not in looks:
        own["auto_color"] = False
    return CodeRequest(
        kind=code.kind,
        scene=code.scene,
        page=code.page,
        env_version=code.env_version,
        check_path=code.check_path,
        **(own | dict(looks)),
    )


def _replace_picture(code: IssuedCode, fresh: IssuedCode, issuer: Issuer) -> None:
    with transaction.atomic():
        # only one of two that reissue it at once may count on from the same picture
        if not IssuedCode.objects.filter(pk=code.pk, reissues=code.reissues).update(reissues=code.reissues + 1):
            raise ReissuedMeanwhile(
                _("Someone else has just reissued code %(id)d.") % {"id": code.pk},
                advice=_("Check the new image before you reissue it again."),
            )
        EarlierPicture.objects.create(
            code=code,
            version=code.reissues,
            replaced_by=issuer.label,
            **{name: getattr(code, name) for name in (*LOOKS, *PICTURE)},
        )
        code.reissues += 1
        changed = (*LOOKS, *PICTURE, "digest", "num_used")
        for name in changed:
            setattr(code, name, getattr(fresh, name))
        code.save(update_fields=changed)
