"""Names for files that are safe on every system."""

import unicodedata

STEM_MAX_LENGTH = 80
FORBIDDEN = dict.fromkeys(map(ord, '/\\:*?"<>|'), "_")
# Windows takes these for devices, with any extension
DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}


def safe_stem(text: str, *, otherwise: str) -> str:
    """`text` as a file name without extension, for every system; `otherwise` if nothing is left of it."""
    clean = unicodedata.normalize("NFC", text).translate(FORBIDDEN)
    clean = "".join(character if character.isprintable() else "_" for character in clean)
    clean = clean[:STEM_MAX_LENGTH].strip(" .")
    # systems count bytes, and most allow 255
    while len(clean.encode()) > 200:
        clean = clean[:-1]
    if not clean:
        return otherwise
    return f"_{clean}" if clean.split(".")[0].lower() in DEVICES else clean


class UniqueNames:
    """Gives every file of an archive a name of its own, also where upper and lower case are the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, stem: str, extension: str) -> str:
        name, number = f"{stem}.{extension}", 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}.{extension}"
        self._taken.add(name.casefold())
        return name
