"""The name under which a browser saves a file, also for programs that read ASCII only."""

import re
import unicodedata
from urllib.parse import quote

NOT_PLAIN = re.compile(r"[^\x20-\x7e]+")
# "%41" is decoded by some browsers, and the others end the name
SPECIAL = re.compile(r'["\\%]')


def attachment(filename: str) -> str:
    """`Content-Disposition` of a download: `filename*` where the name is not ASCII, and `filename` for all programs."""
    decomposed = unicodedata.normalize("NFKD", filename)
    letters = "".join(each for each in decomposed if not unicodedata.combining(each))
    plain = SPECIAL.sub("_", NOT_PLAIN.sub("_", letters))
    if not plain.rpartition(".")[0].strip("_ -"):
        plain = f"wxcode{plain[plain.rfind('.') :]}" if "." in plain else "wxcode"
    exact = f"; filename*=utf-8''{quote(filename)}" if plain != filename else ""
    return f'attachment; filename="{plain}"{exact}'
