"""Choosing codes: the snapshot of ids, and the one way back from ids to codes, through the rights of who chose them."""

from collections.abc import Iterator, Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from apps.codes.models import IssuedCode, IssuedCodeQuerySet
from apps.errors import InvalidRequest, NotFound
from apps.miniprograms.grants import only_visible
from apps.selections.models import Selection

# 400 KB of ids, found in a tenth of a second
MOST_CODES = 50_000
CHUNK = 500
# with all their facts codes are some 6 KB each
READ_AT_ONCE = 100


class TooManyCodes(InvalidRequest):
    """More codes match than one selection may hold."""

    code = "too_many_codes"
    title = _("Too many codes")


def codes_within_rights(user_id: int, ids: Sequence[int]) -> IssuedCodeQuerySet:
    """Those of the codes `ids` that this user may see now. All work on selections gets its codes here, chunk by chunk.

    The user is read anew each time: rights that were taken away meanwhile count at once.
    """
    user = User.objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    found: IssuedCodeQuerySet = IssuedCode.objects.filter(pk__in=ids)
    return found.none() if user is None else only_visible(found, user)


def read_codes(user_id: int, ids: Sequence[int]) -> Iterator[IssuedCode]:
    """The codes within the user's rights with all their facts, in the order of `ids`; a chunk at a time in memory."""
    for chunk in chunks_of(ids, READ_AT_ONCE):
        codes = codes_within_rights(user_id, chunk).with_facts().in_bulk()
        yield from (codes[pk] for pk in chunk if pk in codes)


def chunks_of(ids: Sequence[int], size: int = CHUNK) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def choose_ticked(user_id: int, ids: Sequence[int]) -> Selection:
    """A selection of the codes `ids`. Raises InvalidRequest if none of them is there, TooManyCodes."""
    wanted = sorted(set(ids))
    refuse_too_many(len(wanted))
    found = [pk for chunk in chunks_of(wanted) for pk in _in_order(user_id, chunk)]
    if not found:
        raise InvalidRequest(_("No codes selected."), advice=_("Go back and select at least one code, or all results."))
    return Selection.objects.create(user_id=user_id, code_ids=found, count=len(found))


def choose_found(user_id: int, ids: Sequence[int], *, search: str) -> Selection:
    """A selection of `ids`, which the address bar `search` means. Raises InvalidRequest for none, TooManyCodes."""
    refuse_too_many(len(ids))
    if not ids:
        raise InvalidRequest(_("No code matches the search."), advice=_("Go back and search for something else."))
    return Selection.objects.create(user_id=user_id, search=search, code_ids=sorted(ids), count=len(ids))


def refuse_too_many(count: int) -> None:
    """Raises TooManyCodes."""
    if count > MOST_CODES:
        raise TooManyCodes(
            _("More than %(most)s codes match, which is the most a selection can hold.") % {"most": f"{MOST_CODES:,}"},
            advice=_("Narrow the search, for example to one mini-program, and work in several steps."),
        )


def get_selection(user_id: int, pk: int) -> Selection:
    """The user's own selection. Raises NotFound."""
    selection = Selection.objects.filter(user=user_id, pk=pk).first()
    if selection is None:
        raise NotFound(
            _("There is no selection %(id)d of yours.") % {"id": pk},
            advice=_("Selections are kept for a week after their last use. Choose the codes again."),
        )
    return selection


def _in_order(user_id: int, ids: Sequence[int]) -> list[int]:
    return list(codes_within_rights(user_id, ids).order_by("pk").values_list("pk", flat=True))
