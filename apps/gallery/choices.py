"""What the form above the cards offers to choose from."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.codes import issuers
from apps.codes.models import Tag
from apps.gallery.browsing import Search
from apps.gallery.forms import KINDS_IN_SHORT
from apps.miniprograms.models import EnvVersion

# Suggested; any other may be typed.
TAGS_SUGGESTED = 200


def choices_of(search: Search) -> dict[str, Any]:
    """For the template: kinds, versions, issuers by groups with the one that is asked for, tags."""
    groups = [
        (_("Staff"), issuers.known_staff()),
        (_("API clients"), issuers.known_clients()),
        (_("Doors without a key"), issuers.known_doors()),
    ]
    is_listed = any(issuer.label == search.issuer for _name, group in groups for issuer in group)
    return {
        "kinds": [(kind.value, name) for kind, name in KINDS_IN_SHORT.items()],
        "versions": EnvVersion.choices,
        "issuers": [(name, group) for name, group in groups if group],
        "other_issuer": "" if is_listed else search.issuer,
        "tags": Tag.objects.order_by("name").values_list("name", flat=True)[:TAGS_SUGGESTED],
    }
