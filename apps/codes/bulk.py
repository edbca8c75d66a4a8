"""Many codes at once: which of them exist already, and new ones written in a handful of statements."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from apps.codes.lifetime import note_pages
from apps.codes.models import CodeTag, FailedAttempt, IssuedCode, Tag
from apps.codes.requests import CodeRequest, Issuer, digest, slashed_digest
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram

DETAIL_MAX_LENGTH = 500


def find_identical_ids(miniprogram: MiniProgram, digests: Iterable[str]) -> dict[str, int]:
    """The ids of the codes of `miniprogram` that exist already, by digest. One query."""
    same = IssuedCode.objects.filter(miniprogram=miniprogram, digest__in=list(digests))
    return dict(same.order_by().values_list("digest", "pk"))


def stored_digests(miniprogram: MiniProgram, requests: Iterable[CodeRequest]) -> list[str]:
    """The digest of each of `requests`: that of the code under which it is stored already with a leading slash in its
    path, where there is one. One query for kinds with a path, else none."""
    spellings = [(digest(request), slashed_digest(request)) for request in requests]
    slashed = [older for _own, older in spellings if older is not None]
    stored = find_identical_ids(miniprogram, slashed) if slashed else {}
    return [older if older is not None and older in stored else own for own, older in spellings]


def find_external_ids(client_id: int | None, names: Iterable[str]) -> dict[str, str]:
    """Which of `names` are external_ids of codes of this client already, with the digest of the code. One query."""
    taken = IssuedCode.objects.filter(client_id=client_id, external_id__in=list(names))
    return dict(taken.order_by().values_list("external_id", "digest"))


def insert_codes(codes: Sequence[IssuedCode], *, tags: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Save new rows of one mini-program; `tags` by digest. The ids by digest, also of those that somebody else
    saved meanwhile.

    A digest is missing in the answer when its external_id was given to another code meanwhile.
    """
    if not codes:
        return {}
    with transaction.atomic():
        IssuedCode.objects.bulk_create(codes, ignore_conflicts=True)
        ids = find_identical_ids(codes[0].miniprogram, [code.digest for code in codes])
        named = {ids[own]: names for own, names in tags.items() if names and own in ids}
        _add_tags(named, miniprogram=codes[0].miniprogram)
        note_pages(codes[0].miniprogram, [code for code in codes if code.digest in ids])
    return ids


def get_tags(names: Iterable[str]) -> dict[str, Tag]:
    """The tags with these names, those that did not exist made now."""
    wanted = list(names)
    if not wanted:
        return {}
    known = {tag.name: tag for tag in Tag.objects.filter(name__in=wanted)}
    missing = [name for name in wanted if name not in known]
    if missing:
        Tag.objects.bulk_create([Tag(name=name) for name in missing], ignore_conflicts=True)
        known |= {tag.name: tag for tag in Tag.objects.filter(name__in=missing)}
    return known


def _add_tags(names_of: Mapping[int, Sequence[str]], *, miniprogram: MiniProgram) -> None:
    if not names_of:
        return
    known = get_tags(dict.fromkeys(name for names in names_of.values() for name in names))
    CodeTag.objects.bulk_create(
        [
            CodeTag(issuedcode_id=pk, tag_id=known[name].pk, miniprogram_key=miniprogram.pk)
            for pk, names in names_of.items()
            for name in names
        ],
        ignore_conflicts=True,
    )


def new_failed_attempt(
    miniprogram: MiniProgram, request: CodeRequest, issuer: Issuer, error: WxcodeError, *, took_ms: int
) -> FailedAttempt:
    """The unsaved row that remembers what was asked for in vain."""
    problem = error.as_problem()
    return FailedAttempt(
        miniprogram=miniprogram,
        kind=request.kind,
        scene=request.scene,
        page=request.page,
        env_version=request.env_version,
        requested_by=issuer.label,
        door=issuer.door,
        code=problem["code"],
        errcode=error.errcode,
        rid=error.rid or "",
        detail=problem["detail"][:DETAIL_MAX_LENGTH],
        took_ms=took_ms,
    )
