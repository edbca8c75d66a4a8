"""What one chunk of a job does to its codes, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.codes.bulk_changes import add_tags, archive_codes, remove_tags
from apps.codes.checking import find_field_problems, split_tags
from apps.codes.models import IssuedCodeQuerySet
from apps.exports.sheet_options import invalid
from apps.selections.models import Action


@dataclass(frozen=True)
class Result:
    """How many codes were there, how many of them have changed, how many had no room for more tags."""

    found: int
    changed: int
    full: int = 0


def do_tag(codes: IssuedCodeQuerySet, options: Mapping[str, Any]) -> Result:
    rows = list(codes)
    tagged = add_tags(rows, options["tags"])
    return Result(len(rows), tagged.changed, tagged.full)


def do_untag(codes: IssuedCodeQuerySet, options: Mapping[str, Any]) -> Result:
    rows = list(codes)
    return Result(len(rows), remove_tags(rows, options["tags"]))


def do_archive(codes: IssuedCodeQuerySet, options: Mapping[str, Any]) -> Result:
    return Result(codes.count(), archive_codes(codes, is_archived=True))


def do_restore(codes: IssuedCodeQuerySet, options: Mapping[str, Any]) -> Result:
    return Result(codes.count(), archive_codes(codes, is_archived=False))


# Changes of the database alone: a chunk of them and the job's progress are stored together or not at all.
CHANGES: dict[str, Callable[[IssuedCodeQuerySet, Mapping[str, Any]], Result]] = {
    Action.TAG: do_tag,
    Action.UNTAG: do_untag,
    Action.ARCHIVE: do_archive,
    Action.RESTORE: do_restore,
}


def read_tags(text: str) -> list[str]:
    """The tags in what somebody typed, parted by commas or lines, Chinese commas too. Raises InvalidRequest."""
    tags = split_tags(text, also="\n")
    problems = find_field_problems({"tags": tags}).get("tags") if tags else [_("Enter at least one tag.")]
    if problems:
        raise invalid("tags", " ".join(problems))
    return tags
