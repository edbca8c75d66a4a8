"""What goes with a row that is deleted in the admin: counted, not listed, as it may be a million rows."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

COUNTED = 1000
HOLDING = (models.PROTECT, models.RESTRICT)


class CountedDeletion(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django would read, list and link every row, those of hidden tables between two models included.

    Who may delete the row may delete what belongs to it, though nobody may delete history by itself.
    """

    # what to do with a row that others hold on to
    instead_of_deleting: Any = ""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, Any], set[str], list[Any]]:
        """What Django's pages show: the rows, how many of each kind go, what may not go, what holds on to them."""
        rows = list(objs)
        counts: dict[str, Any] = {str(self.opts.verbose_name_plural): len(rows)}
        protected: list[Any] = []
        for relation, count in _related(self.model, rows, (models.CASCADE, *HOLDING)):
            if relation.on_delete is models.CASCADE:
                counts[str(relation.related_model._meta.verbose_name_plural)] = count
            else:
                protected.append(_as_holder(relation, count))
        if protected and self.instead_of_deleting:
            protected.append(self.instead_of_deleting)
        is_allowed = self.has_delete_permission(request)
        named = [format_html("{}: {}", capfirst(self.opts.verbose_name), row) for row in rows]
        return named, counts, set() if is_allowed else {str(self.opts.verbose_name)}, protected


def find_holders(model: Any, rows: Sequence[Any]) -> list[str]:
    """What holds on to `rows` and would be lost without them, as `Batches: 3`."""
    return [_as_holder(relation, count) for relation, count in _related(model, rows, HOLDING)]


def _as_holder(relation: Any, count: str) -> str:
    return f"{capfirst(relation.related_model._meta.verbose_name_plural)}: {count}"


def _related(model: Any, rows: Sequence[Any], kinds: Collection[Any]) -> Iterator[tuple[Any, str]]:
    """Each relation whose `on_delete` is one of `kinds` and that has rows for `rows`, and how many they are."""
    for relation in model._meta.related_objects:
        is_asked_for = getattr(relation, "on_delete", None) in kinds
        if relation.many_to_many or not is_asked_for or relation.related_model._meta.auto_created:
            continue
        found = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows})
        count = len(found.values_list("pk", flat=True)[: COUNTED + 1])
        if count:
            yield relation, _("more than 1,000") if count > COUNTED else str(count)
