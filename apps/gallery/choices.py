"""What the form above the cards offers to choose from."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.codes import issuers
from apps.codes.models import CodeTag, Tag
from apps.gallery.browsing import Search
from apps.gallery.forms import KINDS_IN_SHORT
from apps.miniprograms.models import EnvVersion, MiniProgram

# Suggested; any other may be typed.
TAGS_SUGGESTED = 200


def choices_of(search: Search) -> dict[str, Any]:
    """For the template: kinds, versions, issuers by groups with the one that is asked for, tags."""
    groups = [
        (_("Staff"), issuers.known_staff(search.granted)),
        (_("API clients"), issuers.known_clients(search.granted)),
        (_("Keyless access"), issuers.known_doors()),
    ]
    is_listed = any(issuer.label == search.issuer for _name, group in groups for issuer in group)
    return {
        "kinds": [(kind.value, name) for kind, name in KINDS_IN_SHORT.items()],
        "versions": EnvVersion.choices,
        "issuers": [(name, group) for name, group in groups if group],
        "other_issuer": "" if is_listed else search.issuer,
        "tags": known_tags(search.granted).order_by("name").values_list("name", flat=True)[:TAGS_SUGGESTED],
    }


def known_tags(granted: frozenset[str] | None) -> "QuerySet[Tag]":
    """Those on codes of the mini-programs `granted`; None means every one."""
    if granted is None:
        return Tag.objects.all()
    keys = list(MiniProgram.objects.filter(appid__in=granted).values_list("pk", flat=True))
    return Tag.objects.filter(Exists(CodeTag.objects.filter(tag=OuterRef("pk"), miniprogram_key__in=keys)))
