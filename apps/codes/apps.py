"""The app's configuration."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CodesConfig(AppConfig):
    name = "apps.codes"
    verbose_name = _("Codes")

    def ready(self) -> None:
        from apps.codes import checks  # noqa: F401, PLC0415  (registers the check)

        post_migrate.connect(_keep_search_index, sender=self)


def _keep_search_index(using: str, **facts: Any) -> None:
    """A later migration may have rebuilt the table on SQLite, which drops its triggers."""
    from apps.codes import search_index  # noqa: PLC0415  (models are not loaded when this file is)

    # what the tables look like now: they may have been taken back to before the index; `flush` names none
    state = facts.get("apps")
    if connections[using].vendor != "sqlite" or state is None:
        return
    known = [model for model in state.get_models() if model._meta.db_table == "codes_issuedcode"]
    if known and any(field.name == "search_grams" for field in known[0]._meta.fields):
        search_index.install(connections[using])
