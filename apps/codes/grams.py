"""Search texts cut into grams, which both databases index: three characters from every place of the text. Pure.

PostgreSQL's own trigrams ignore punctuation and, in many locales, Chinese; SQLite's know no words of two characters.
So the text is cut here, into tokens of letters alone. A shorter word is the beginning of a gram.
"""

from collections.abc import Iterable

GRAM_LENGTH = 3
# Yi and Hangul syllables are letters to both databases and occur in no token otherwise.
MINIPROGRAM_MARK = "\ua000"
BLOCK_MARK = "\ua001"
FIRST_HANGUL, HANGUL_COUNT, SPREAD = 0xAC00, 11172, 7919
PLAIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
FIRST_CHINESE, LAST_CHINESE = "\u4e00", "\u9fcb"


def find_words(asked: str) -> tuple[str, ...]:
    """The words that a person looks for, each once, as search texts are written."""
    return tuple(dict.fromkeys(asked.lower().split()))


def gram_text(search_text: str, *, miniprogram_id: int) -> str:
    """What is indexed for a code: its mini-program and its grams, separated by spaces."""
    letters = _as_letters(search_text + "\n" * (GRAM_LENGTH - 1))
    grams = (letters[start : start + GRAM_LENGTH] for start in range(len(search_text)))
    return " ".join(dict.fromkeys((miniprogram_token(miniprogram_id), *grams)))


def find_tokens(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """What the grams of a text with all `words` must hold: whole tokens, and beginnings of tokens."""
    grams: dict[str, None] = {}
    beginnings: dict[str, None] = {}
    for word in words:
        letters = _as_letters(word)
        if len(letters) < GRAM_LENGTH:
            beginnings[letters] = None
        grams |= dict.fromkeys(letters[start : start + GRAM_LENGTH] for start in range(len(letters) - GRAM_LENGTH + 1))
    return list(grams), list(beginnings)


def miniprogram_token(miniprogram_id: int) -> str:
    """Narrows a search to one mini-program inside the index."""
    return f"{MINIPROGRAM_MARK}{miniprogram_id}"


def _as_letters(text: str) -> str:
    """`text` with a letter for every character; two that become the same are told apart by the text itself."""
    return "".join(
        character
        if character in PLAIN or FIRST_CHINESE <= character <= LAST_CHINESE
        else chr(FIRST_HANGUL + ord(character) * SPREAD % HANGUL_COUNT)
        for character in text
    )
