"""What a group can be allowed, in six boxes: each stands for some of Django's permissions, which alone are asked."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, override

from apps.miniprograms.trail import Sentence, names, sentence, word


def _rows(app: str, *models: str, verbs: str = "view add change delete") -> frozenset[str]:
    return frozenset(f"{app}.{verb}_{model}" for model in models for verb in verbs.split())


@dataclass(frozen=True)
class Right:
    """One box; `permissions` as `app.codename`."""

    name: str
    label: Any
    help_text: Any
    permissions: frozenset[str]


RIGHTS = (
    Right(
        "create_codes",
        _("Create codes"),
        _("In the gallery."),
        frozenset({"codes.add_issuedcode"}),
    ),
    Right(
        "change_codes",
        _("Edit, archive and regenerate codes"),
        _("Labels, tags and images, one by one or in bulk."),
        frozenset({"codes.change_issuedcode"}),
    ),
    Right(
        "create_batches",
        _("Create batches"),
        _("Many codes at once, from a table or a series."),
        frozenset({"batches.add_codebatch"}),
    ),
    Right(
        "steer_batches",
        _("Steer batches"),
        _("Pause, resume, retry, rename and cancel them."),
        frozenset({"batches.change_codebatch"}),
    ),
    Right(
        "see_every_miniprogram",
        _("See every mini-program"),
        _("Also those that are not chosen above, and those added later."),
        frozenset({"miniprograms.see_every_miniprogram"}),
    ),
    Right(
        "operate",
        _("Operate the admin"),
        _(
            "Mini-programs with their AppSecrets and tokens; with “See every mini-program” also API clients, legacy "
            "APIs and logs. Users and groups can be viewed; only superusers can change them."
        ),
        _rows("miniprograms", "miniprogram")
        | _rows("clients", "apiclient")
        | _rows("gateway", "opendoor")
        | _rows("batches", "batchlimit")
        | _rows("batches", "codebatch", "batchitem", "batchrun", verbs="view")
        | _rows("codes", "issuedcode", "failedattempt", "lifetimepool", verbs="view")
        | _rows("tokens", "tokenevent", verbs="view")
        | _rows("admin", "logentry", verbs="view")
        | _rows("axes", "accesslog", "accessfailurelog", verbs="view")
        | _rows("axes", "accessattempt", verbs="view delete")
        | _rows("auth", "user", "group", verbs="view"),
    ),
)


def read_permissions(group: Any) -> frozenset[str]:
    """What `group` has, as `app.codename`."""
    found = group.permissions.values_list("content_type__app_label", "codename")
    return frozenset(f"{app}.{codename}" for app, codename in found)


def held(permissions: Collection[str]) -> list[str]:
    """The names of the rights of which nothing is missing."""
    return [right.name for right in RIGHTS if right.permissions <= set(permissions)]


def change_rights(group: Any, *, before: Collection[str], now: Collection[str]) -> None:
    """Gives and takes what differs between two lists of names; every other permission of `group` stays."""
    given = _permissions(set(now) - set(before))
    # one that a box which stays ticked needs as well
    taken = _permissions(set(before) - set(now)) - _permissions(now)
    group.permissions.add(*_find_rows(given))
    group.permissions.remove(*_find_rows(taken))


def describe_rights(before: frozenset[str], after: frozenset[str]) -> Iterator[Sentence]:
    """The permissions that came and went, for the audit trail: as rights where they make one, else by their names."""
    if came := _worded(before, after):
        yield sentence(gettext_noop("Granted: %(names)s."), names=names(came))
    if went := _worded(after, before):
        yield sentence(gettext_noop("Withdrawn: %(names)s."), names=names(went))


def _worded(less: frozenset[str], more: frozenset[str]) -> list[Any]:
    rights = [right for right in RIGHTS if right.permissions <= more and not right.permissions <= less]
    rest = (more - less) - _permissions(right.name for right in rights)
    with override(None):
        return [*(word(str(right.label)) for right in rights), *sorted(rest)]


def _permissions(chosen: Any) -> frozenset[str]:
    known = {right.name: right.permissions for right in RIGHTS}
    return frozenset().union(*(known[name] for name in chosen))


def _find_rows(permissions: Collection[str]) -> Any:
    wanted = Q(pk__in=[])
    for app, _dot, codename in (permission.partition(".") for permission in permissions):
        wanted |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.filter(wanted)
