"""`manage.py makemessages`: Django's own, which also collects the descriptions of the OpenAPI document."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator

from apps.api.described import find_descriptions


class Command(makemessages.Command):
    """They stand in docstrings and in arguments of serializers, where xgettext would not find them."""

    def handle(self, *args: Any, **options: Any) -> None:
        with override(None):
            document = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
        texts = dict.fromkeys(find_descriptions(document))
        # below the first place that is searched, so that they come first and stay in one place of the catalogue
        collected = Path(settings.BASE_DIR) / "apps/api/collected_descriptions.py"
        collected.write_text("".join(f"gettext_noop({text!r})\n" for text in texts), encoding="utf-8")
        try:
            super().handle(*args, **options)
        finally:
            collected.unlink()
