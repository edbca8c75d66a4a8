"""The filters of `GET codes/`: read, checked and described here, answered by the history."""

from typing import Any

import django_filters

from apps.api.queries import KnownChoiceFilter, MomentFilter, StrictBooleanFilter
from apps.codes.history import History, Wanted
from apps.codes.models import FailedAttempt, IssuedCode, Kind
from apps.miniprograms.models import EnvVersion


class CodeFilter(django_filters.FilterSet):
    """Every filter may be combined with every other; archived codes are hidden unless asked for."""

    appid = django_filters.CharFilter(help_text="One mini-program.")
    kind = KnownChoiceFilter(choices=Kind.choices)
    scene = django_filters.CharFilter(help_text="Exactly this scene.")
    page = django_filters.CharFilter(help_text="Exactly this page; / for the home page.")
    env_version = KnownChoiceFilter(choices=EnvVersion.choices)
    external_id = django_filters.CharFilter(help_text="Exactly this external_id.")
    search = django_filters.CharFilter(
        help_text=(
            "Words that all occur in scene, label, page or external_id, also inside other words; not case-sensitive."
        )
    )
    tag = django_filters.CharFilter(help_text="Exactly this tag.")
    batch = django_filters.NumberFilter(
        max_digits=18,
        decimal_places=0,
        help_text="Codes of this batch, including those that already existed.",
    )
    client = django_filters.CharFilter(help_text="Name of the API client that sent the request.")
    issued_after = MomentFilter(help_text="At this moment or later.")
    issued_before = MomentFilter(help_text="Before this moment.")
    archived = StrictBooleanFilter(help_text="true: only archived codes.")

    class Meta:
        model = IssuedCode
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The History of what was asked for; `queryset` is the History of what the caller may see."""
        asked: dict[str, Any] = self.form.cleaned_data
        appids: frozenset[str] | None = queryset.wanted.appids
        if asked["appid"]:
            appids = frozenset({asked["appid"]} if appids is None else appids & {asked["appid"]})
        return History(
            Wanted(
                appids=appids,
                words=asked["search"],
                batch=None if asked["batch"] is None else int(asked["batch"]),
                is_archived=bool(asked["archived"]),
                issued_after=asked["issued_after"],
                issued_before=asked["issued_before"],
                **{
                    name: asked[name]
                    for name in ("kind", "scene", "page", "env_version", "external_id", "client", "tag")
                },
            )
        )


class FailedAttemptFilter(django_filters.FilterSet):
    """The filters of `GET failed-attempts/`."""

    appid = django_filters.CharFilter(field_name="miniprogram__appid", help_text="One mini-program.")
    kind = KnownChoiceFilter(choices=Kind.choices)
    code = django_filters.CharFilter(help_text="The code of the problem, for example wechat_rejected_input.")
    errcode = django_filters.NumberFilter(max_digits=9, decimal_places=0, help_text="WeChat’s errcode.")

    class Meta:
        model = FailedAttempt
        fields: list[str] = []
