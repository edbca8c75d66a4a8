"""Reads the long parts of an XLSX package piece by piece: shared texts, and the cells of a sheet."""

import re
from collections.abc import Iterator
from typing import Any, Protocol
from xml.parsers import expat

CHUNK_BYTES = 65_536
# Excel's own limit; more is not kept
TEXT_MAX_LENGTH = 32_767
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Reader(Protocol):
    """Hears of elements by their names without a prefix; what is complete, it puts into `done`."""

    done: list[Any]
    # whether the text that follows is wanted
    is_listening: bool
    pieces: list[str]

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...


def read_part(content: Any, reader: Reader) -> Iterator[Any]:
    """What `reader` makes of the XML in the stream `content`. Raises ExpatError."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        reader.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        reader.end(name.rpartition(":")[2])

    def text(piece: str) -> None:
        if reader.is_listening:
            reader.pieces.append(piece)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    while chunk := content.read(CHUNK_BYTES):
        parser.Parse(chunk, False)
        yield from reader.done
        reader.done.clear()
    parser.Parse(b"", True)
    yield from reader.done


def written_text(pieces: list[str]) -> str:
    """The text of a cell: `_x000D_` stands for a character that XML does not have, or does not keep."""
    text = "".join(pieces)[:TEXT_MAX_LENGTH]
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class TextReader:
    """The shared texts of a workbook. Readings of characters (`rPh`) are beside the text."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.pieces: list[str] = []
        self.is_listening = False
        self._is_reading_aid = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "t":
            self.is_listening = not self._is_reading_aid
        elif name == "si":
            self.pieces.clear()
        elif name == "rPh":
            self._is_reading_aid = True

    def end(self, name: str) -> None:
        if name == "t":
            self.is_listening = False
        elif name == "rPh":
            self._is_reading_aid = False
        elif name == "si":
            self.done.append(written_text(self.pieces))
