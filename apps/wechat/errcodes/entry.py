"""One errcode: how to treat it, what it means, what to do about it, in English and Chinese."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import get_language


class Handling(Enum):
    """What a caller does about a failure."""

    # drop that token, get the current one, call once more
    TOKEN = "token"  # noqa: S105
    # come back after a pause
    BUSY = "busy"
    # stop until the window ends, or until an operator clears the quota
    QUOTA = "quota"
    # an operator must mend something; do not hammer
    OPERATOR = "operator"
    # the caller must change the request
    INPUT = "input"
    # never again for this mini-program
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One errcode. Texts are whole sentences; `retry_after` is in seconds, None where waiting does not "
    "help."""

    errcode: int
    handling: Handling
    meaning_en: str
    meaning_zh: str
    cure_en: str
    cure_zh: str
    retry_after: int | None = None

    @property
    def meaning(self) -> str:
        """What happened, in the active language."""
        return self.meaning_zh if _is_chinese() else self.meaning_en

    @property
    def cure(self) -> str:
        """What to do, in the active language."""
        return self.cure_zh if _is_chinese() else self.cure_en

    @property
    def lazy_meaning(self) -> Any:
        """`meaning` in the language of whoever reads it later."""
        return _lazy_text(self, "meaning")

    @property
    def lazy_cure(self) -> Any:
        """`cure` in the language of whoever reads it later."""
        return _lazy_text(self, "cure")


def _is_chinese() -> bool:
    return (get_language() or "").lower().startswith("zh")


_lazy_text = lazy(getattr, str)
