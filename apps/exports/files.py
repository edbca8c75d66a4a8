"""Files for a browser to save: their types, their names, and that nobody keeps a copy on the way."""

from collections.abc import Iterable
from typing import IO, Any

from django.http import FileResponse, StreamingHttpResponse

from apps.codes.attachments import attachment
from apps.exports.names import safe_stem

MEDIA_TYPES = {
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def stream(name: str, extension: str, content: Iterable[Any]) -> StreamingHttpResponse:
    """`content` while it is made."""
    return StreamingHttpResponse(content, content_type=MEDIA_TYPES[extension], headers=headers(name, extension))


def send(name: str, extension: str, file: IO[bytes]) -> FileResponse:
    """A file that is there already; it is closed when it has been sent."""
    given = headers(name, extension)
    # FileResponse guesses a type unless it is given this way, and a name unless the file has none
    answer = FileResponse(file, content_type=MEDIA_TYPES[extension], headers=given)
    answer["Content-Disposition"] = given["Content-Disposition"]
    return answer


def headers(name: str, extension: str) -> dict[str, str]:
    """The name under which a browser saves the file, and that it is not to be kept by anybody."""
    return {
        "Content-Disposition": attachment(f"{safe_stem(name, otherwise='wxcode')}.{extension}"),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
