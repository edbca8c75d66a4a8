"""All lists of the admin, by what people look for instead of by the part of wxcode that keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Mini-programs"), ("miniprograms.MiniProgram", "codes.LifetimePool")),
    (
        gettext_lazy("Codes and batches"),
        ("codes.IssuedCode", "batches.CodeBatch", "batches.BatchItem", "batches.BatchRun", "batches.BatchLimit"),
    ),
    (
        gettext_lazy("Access"),
        ("clients.ApiClient", "auth.User", "auth.Group", "axes.AccessAttempt", "gateway.OpenDoor"),
    ),
    (
        gettext_lazy("Logs"),
        (
            "tokens.TokenEvent",
            "codes.FailedAttempt",
            "admin.LogEntry",
            "axes.AccessLog",
            "axes.AccessFailureLog",
        ),
    ),
)
# what a new installation needs, in this order
FIRST_STEPS: tuple[tuple[str, Any], ...] = (
    ("miniprograms.MiniProgram", gettext_lazy("Add mini-program")),
    ("clients.ApiClient", gettext_lazy("Add API client")),
    ("auth.User", gettext_lazy("Add user")),
)


@dataclass(frozen=True)
class Group:
    """Some of Django's entries about models, below one heading."""

    name: Any
    models: list[dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """A button of the start page."""

    label: Any
    address: str


def group_models(app_list: Iterable[dict[str, Any]]) -> list[Group]:
    """The models of Django's `app_list`, which has those that the reader may see; unknown ones come last."""
    entries = _by_label(app_list)
    groups = [Group(name, [entries.pop(label) for label in labels if label in entries]) for name, labels in GROUPS]
    return [group for group in [*groups, Group(_("Other"), list(entries.values()))] if group.models]


def find_first_steps(app_list: Iterable[dict[str, Any]]) -> list[Step]:
    """Those that the reader may take."""
    entries = _by_label(app_list)
    steps = [(label, entries.get(name, {}).get("add_url")) for name, label in FIRST_STEPS]
    return [Step(label, address) for label, address in steps if address]


def _by_label(app_list: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["model"]._meta.label: entry for app in app_list for entry in app["models"]}
