"""The pictures of a selection as a zip with a manifest, made while it is sent."""

from collections.abc import Iterator

from django.utils import timezone

from apps.codes.models import IssuedCode
from apps.codes.requests import page_to_ask
from apps.exports.archive import ZipEntry, zip_pictures
from apps.selections.choosing import read_codes
from apps.selections.models import Selection
from apps.selections.ordering import Order, sort_ids

# the first ones are those of the importer of batches, which leaves out what begins with wxcode_
HEADER = (
    "scene",
    "page",
    "label",
    "tags",
    "external_id",
    "env_version",
    "width",
    "wxcode_code_id",
    "wxcode_appid",
    "wxcode_miniprogram",
    "wxcode_kind",
    "wxcode_issued_at",
    "wxcode_issued_by",
    "wxcode_archived_at",
)


def zip_selection(selection: Selection, order: Order) -> Iterator[bytes]:
    """The archive, piece by piece, its files and its table in `order`."""
    return zip_pictures(HEADER, _entries(selection, order))


def _entries(selection: Selection, order: Order) -> Iterator[ZipEntry]:
    for code in read_codes(selection.user_id, sort_ids(selection, order)):
        yield ZipEntry(code, name=code.title, otherwise=f"code-{code.pk}", record=_record(code))


def _record(code: IssuedCode) -> list[str]:
    tags = ";".join(tag.name for tag in code.tags.all())
    page = page_to_ask(code.page, code.miniprogram)
    asked = [code.scene, page, code.label, tags, code.external_id, code.env_version, str(code.width)]
    issued = timezone.localtime(code.issued_at).isoformat(timespec="seconds")
    archived = timezone.localtime(code.archived_at).isoformat(timespec="seconds") if code.archived_at else ""
    miniprogram = code.miniprogram
    return [*asked, str(code.pk), miniprogram.appid, miniprogram.name, code.kind, issued, code.issued_by, archived]
