"""What may stand below or beside a printed code, by the names that a query uses and in words."""

from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.codes.models import IssuedCode
from apps.exports.layout import MOST_CAPTIONS
from apps.exports.sheet_options import invalid

CAPTIONS: dict[str, tuple[Any, Callable[[IssuedCode], str]]] = {
    "label": (gettext_lazy("Label (or scene)"), lambda code: code.title),
    "scene": (gettext_lazy("Scene"), lambda code: code.scene),
    "page": (gettext_lazy("Page"), lambda code: code.page),
    "external_id": (gettext_lazy("External id"), lambda code: code.external_id),
    "tags": (gettext_lazy("Tags"), lambda code: " ".join(tag.name for tag in code.tags.all())),
    "miniprogram": (gettext_lazy("Mini-program"), lambda code: code.miniprogram.name),
    "appid": (gettext_lazy("appid"), lambda code: code.miniprogram.appid),
    "env_version": (gettext_lazy("Version"), lambda code: code.env_version),
    "kind": (gettext_lazy("Kind"), lambda code: code.kind),
    "issued_at": (
        gettext_lazy("Created on"),
        lambda code: date_format(timezone.localtime(code.issued_at), "DATE_FORMAT"),
    ),
    "issued_by": (gettext_lazy("Created by"), lambda code: code.issued_by.partition(":")[2] or code.issued_by),
    "id": (gettext_lazy("Number"), lambda code: str(code.pk)),
}


def read_captions(asked: str | None, *, known: Iterable[str] = CAPTIONS) -> list[str]:
    """The columns that `asked` names, with commas between them; the label unless told. Raises InvalidRequest."""
    if asked is None:
        return ["label"]
    known = list(known)
    names = [name for each in asked.split(",") if (name := each.strip()) and name != "none"]
    unknown = [name for name in names if name not in known]
    if unknown:
        facts = {"name": unknown[0][:60], "known": ", ".join(known)[:500]}
        raise invalid("caption", _("There is no column %(name)s; there are %(known)s.") % facts)
    if len(names) > MOST_CAPTIONS:
        raise invalid("caption", _("At most %(most)d.") % {"most": MOST_CAPTIONS})
    return names
