"""What a picture says about itself: JSON in a JPEG comment or in a PNG text chunk."""

import json
import struct
from typing import Any

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_KEYWORD = "Comment"
JPEG_MAGIC = b"\xff\xd8"
COMMENT_MARKER = 0xFE
START_OF_SCAN = 0xDA


def read_metadata(content: bytes) -> dict[str, Any]:
    """appid, page, scene, env_version and the looks of a sandbox picture, read from its bytes.

    Raises ValueError if this is not a picture that the sandbox made.
    """
    if content.startswith(PNG_MAGIC):
        text = _png_text(content)
    elif content.startswith(JPEG_MAGIC):
        text = _jpeg_comment(content)
    else:
        raise ValueError("neither JPEG nor PNG")
    if text is None:
        raise ValueError("a picture without metadata")
    metadata: dict[str, Any] = json.loads(text)
    return metadata


def _jpeg_comment(content: bytes) -> bytes | None:
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != START_OF_SCAN:
        (length,) = struct.unpack_from(">H", content, at + 2)
        if content[at + 1] == COMMENT_MARKER:
            return content[at + 4 : at + 2 + length]
        at += 2 + length
    return None


def _png_text(content: bytes) -> bytes | None:
    at = len(PNG_MAGIC)
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        data = content[at + 8 : at + 8 + length]
        if content[at + 4 : at + 8] == b"tEXt" and data.startswith(PNG_KEYWORD.encode() + b"\0"):
            return data[len(PNG_KEYWORD) + 1 :]
        at += 12 + length
    return None
