"""What may happen to many codes at once: tags and the archive, in a handful of statements. Repeating is harmless."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.codes.bulk import get_tags
from apps.codes.checking import TAGS_MAX_COUNT
from apps.codes.models import CodeTag, IssuedCode, IssuedCodeQuerySet


@dataclass(frozen=True)
class Tagged:
    """How many codes have got a tag that they did not have, and how many have no room for all of them."""

    changed: int
    full: int


def archive_codes(codes: IssuedCodeQuerySet, *, is_archived: bool) -> int:
    """Hide `codes` from lists, or show them again; answer how many were not so already."""
    count: int = codes.filter(archived_at__isnull=is_archived).update(
        archived_at=timezone.now() if is_archived else None
    )
    return count


def add_tags(codes: Sequence[IssuedCode], names: Iterable[str]) -> Tagged:
    """Give each of `codes` the tags `names`; one that would have more than TAGS_MAX_COUNT then is left as it is."""
    with transaction.atomic():
        wanted = {tag.pk for tag in get_tags(names).values()}
        present: dict[int, set[int]] = defaultdict(set)
        rows = CodeTag.objects.filter(issuedcode__in=[code.pk for code in codes])
        for code_id, tag_id in rows.values_list("issuedcode_id", "tag_id"):
            present[code_id].add(tag_id)
        new, tally = [], Counter[str]()
        for code in codes:
            missing = wanted - present[code.pk]
            if len(present[code.pk]) + len(missing) > TAGS_MAX_COUNT:
                tally["full"] += 1
                continue
            tally["changed"] += bool(missing)
            new += [CodeTag(issuedcode_id=code.pk, tag_id=tag_id, **code.tag_defaults) for tag_id in missing]
        CodeTag.objects.bulk_create(new, ignore_conflicts=True)
    return Tagged(changed=tally["changed"], full=tally["full"])


def remove_tags(codes: Sequence[IssuedCode], names: Iterable[str]) -> int:
    """Take the tags `names` away from `codes`; answer from how many."""
    rows = CodeTag.objects.filter(issuedcode__in=[code.pk for code in codes], tag__name__in=list(names))
    with transaction.atomic():
        count = rows.values("issuedcode").distinct().count()
        rows.delete()
    return count
