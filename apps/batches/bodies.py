"""What comes with `POST batches/`: JSON spooled to disk and read piece by piece, or a form with a file."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, cast

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import BaseParser

from apps.api.errors import BodyTooLarge
from apps.batches.checking import read_tags
from apps.batches.reading.json_rows import json_source, read_head
from apps.batches.reading.kinds import is_xlsx
from apps.batches.reading.pattern import NumberRange, Variable, pattern_source
from apps.batches.reading.rows import RowSource
from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.text import csv_source, pasted_source
from apps.errors import InvalidRequest

# 100,000 rows of 300 bytes
BODY_MAX_BYTES = 32_000_000
CHUNK_BYTES = 65_536
# of a form, whose values are all text
BOOLEANS = ("check_path", "auto_color", "is_hyaline", "skip_invalid")
TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class SpooledBody:
    """A JSON body on disk: everything but its rows, and whether it has rows."""

    head: dict[str, Any]
    file: BinaryIO
    has_rows: bool


class SpooledJsonParser(BaseParser):
    """Keeps the body on disk instead of in memory; `request.data` becomes a SpooledBody."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """A SpooledBody. Raises BodyTooLarge, MalformedJson."""
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  (closed by the view, after the last row)
        if parser_context is not None:
            parser_context["view"].spooled = file
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > BODY_MAX_BYTES:
                raise too_large()
            file.write(chunk)
        head, has_rows = read_head(file)
        return SpooledBody(head, file, has_rows)


def too_large() -> BodyTooLarge:
    return BodyTooLarge(
        _("The file is larger than %(most)d MB.") % {"most": BODY_MAX_BYTES // 1_000_000},
        advice=_("Split the rows into several batches."),
    )


def form_values(form: QueryDict) -> dict[str, Any]:
    """The fields of a form as if they had come as JSON."""
    values: dict[str, Any] = {name: value for name, value in form.items() if value != ""}
    for name in BOOLEANS:
        if name in values:
            values[name] = TRUTH.get(str(values[name]).lower(), values[name])
    width = str(values.get("width", ""))
    # "²" is a digit that is no number
    if width.isascii() and width.isdigit():
        values["width"] = int(width[:9])
    if "tags" in values:
        values["tags"] = read_tags(str(values["tags"]))
    for name in ("line_color", "pattern"):
        if name in values:
            try:
                values[name] = json.loads(values[name])
            except ValueError as error:
                raise InvalidRequest(
                    _("%(name)s is not JSON.") % {"name": name}, errors={name: [str(error)]}
                ) from error
    return values


def file_source(file: IO[bytes], *, size: int) -> RowSource:
    """The rows of an uploaded file; what it is, its content says. Raises UnreadableInput, BodyTooLarge."""
    if size > BODY_MAX_BYTES:
        raise too_large()
    binary = cast(BinaryIO, file)
    return xlsx_source(binary) if is_xlsx(binary) else csv_source(binary)


def content_pieces(sent: "SpooledBody | QueryDict", upload: Any) -> Iterator[bytes]:
    """What makes two orders the same: the body, or the fields and the file of a form, whose boundary differs."""
    yield b"batches"
    if isinstance(sent, SpooledBody):
        file: IO[bytes] = sent.file
    else:
        values = {name: values for name, values in sent.lists() if name != "file"}
        yield json.dumps(values, sort_keys=True).encode()
        if upload is None:
            return
        yield str(upload.name).encode("utf-8", "replace")
        file = upload.file
    file.seek(0)
    while piece := file.read(CHUNK_BYTES):
        yield piece
    file.seek(0)


def find_source(*, body: SpooledBody | None, upload: Any, text: str | None, pattern: Any) -> RowSource:
    """The rows, from the one place where they are. Raises InvalidRequest for none or several."""
    given = [name for name, is_there in _places(body, upload, text, pattern).items() if is_there]
    if len(given) != 1:
        raise InvalidRequest(
            _("Send exactly one of: rows, file, text, pattern."),
            errors={"rows": [str(_("Found: %(given)s.") % {"given": ", ".join(given) or "–"})]},
        )
    if upload is not None:
        return file_source(upload.file, size=upload.size)
    if text:
        return pasted_source(text)
    if pattern:
        return source_of_pattern(pattern)
    return json_source(cast(SpooledBody, body).file)


def source_of_pattern(pattern: Mapping[str, Any]) -> RowSource:
    """The rows of a pattern as the API has it, after validation. Raises InvalidRequest."""
    return pattern_source(pattern["columns"], {name: _variable(each) for name, each in pattern["variables"].items()})


def _places(body: SpooledBody | None, upload: Any, text: str | None, pattern: Any) -> dict[str, bool]:
    return {
        "rows": body is not None and body.has_rows,
        "file": upload is not None,
        "text": bool(text),
        "pattern": bool(pattern),
    }


def _variable(given: Mapping[str, Any]) -> Variable:
    if given.get("values"):
        return [str(value) for value in given["values"]]
    return NumberRange(given["from"], given["to"], given.get("step", 1), given.get("pad", 0))
