"""The filters of `GET codes/`."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from apps.codes.models import IssuedCode, IssuedCodeQuerySet, Kind
from apps.miniprograms.models import EnvVersion


class CodeFilter(django_filters.FilterSet):
    """Every filter may be combined with every other; archived codes are hidden unless asked for."""

    appid = django_filters.CharFilter(field_name="miniprogram__appid", help_text="One mini-program.")
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    scene = django_filters.CharFilter(help_text="Exactly this scene.")
    page = django_filters.CharFilter(help_text="Exactly this page.")
    env_version = django_filters.ChoiceFilter(choices=EnvVersion.choices)
    external_id = django_filters.CharFilter()
    search = django_filters.CharFilter(
        method="filter_search", help_text="Words that occur in scene, label, page or external_id."
    )
    tag = django_filters.CharFilter(field_name="tags__name", help_text="Exactly this tag.")
    batch = django_filters.NumberFilter(
        method="filter_batch",
        max_digits=18,
        decimal_places=0,
        help_text="Codes of this batch, those included that had been issued before it.",
    )
    client = django_filters.CharFilter(field_name="client__name", help_text="Name of the API client that asked.")
    issued_after = django_filters.IsoDateTimeFilter(field_name="issued_at", lookup_expr="gte")
    issued_before = django_filters.IsoDateTimeFilter(field_name="issued_at", lookup_expr="lt")
    archived = django_filters.BooleanFilter(method="filter_archived", help_text="true: only archived codes.")

    class Meta:
        model = IssuedCode
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        filtered: QuerySet[Any] = super().filter_queryset(queryset)
        # absent means: hide what is archived
        return filtered.filter(archived_at=None) if self.form.cleaned_data.get("archived") is None else filtered

    def filter_search(self, queryset: IssuedCodeQuerySet, name: str, value: str) -> IssuedCodeQuerySet:
        return queryset.matching(value)

    def filter_batch(self, queryset: IssuedCodeQuerySet, name: str, value: int) -> IssuedCodeQuerySet:
        # apps.batches makes this relation; a subquery, because two rows of a batch may want the same code
        of_batch = IssuedCode.objects.filter(batch_items__batch_id=value).order_by().values("pk")
        return queryset.filter(pk__in=of_batch)

    def filter_archived(self, queryset: IssuedCodeQuerySet, name: str, value: bool) -> IssuedCodeQuerySet:
        return queryset.exclude(archived_at=None) if value else queryset.current()
