"""Which mini-programs a member of staff may see: those that are granted to their groups, or every one."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from apps.miniprograms.models import MiniProgram, MiniProgramQuerySet

SEE_EVERY = "miniprograms.see_every_miniprogram"

Viewer = User | AnonymousUser


def sees_every(user: Viewer) -> bool:
    """Whether `user` needs no grant: superusers, and whoever has the permission SEE_EVERY."""
    return user.has_perm(SEE_EVERY)


def visible_miniprograms(user: Viewer) -> MiniProgramQuerySet:
    """The mini-programs that `user` may see, each once. Whatever shows people something of one begins here."""
    every: MiniProgramQuerySet = MiniProgram.objects.all()
    if sees_every(user):
        return every
    # a subquery: a join would repeat those that are granted to two groups
    return every.filter(pk__in=MiniProgram.groups.through.objects.filter(group__user=user.pk).values("miniprogram"))


def visible_appids(user: Viewer) -> frozenset[str] | None:
    """Their appids; None means every one, as in the API."""
    return None if sees_every(user) else frozenset(visible_miniprograms(user).values_list("appid", flat=True))


def only_visible(rows: Any, user: Viewer, *, path: str = "miniprogram") -> Any:
    """Those of `rows` whose mini-program, which is at `path`, `user` may see."""
    found: QuerySet[Any] = rows if sees_every(user) else rows.filter(**{f"{path}__in": visible_miniprograms(user)})
    return found
