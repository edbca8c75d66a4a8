"""How common each gram is, as the database knows or a sample tells, and which parts of a question suffice.

An index of words walks through the shortest list of a question and looks every entry up in each of the others, so a
gram of half a million codes costs as much as it helps little. What is left out is compared in the rows themselves:
nothing that is found depends on a share being right.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

# What more than this share of the codes have is left out where rarer parts suffice: its list would be read whole.
COMMON_SHARE = 0.02
# What more than this share have hardly tells codes apart.
USELESS_SHARE = 0.2
# Rows that may be looked at in vain, since the words themselves are compared in every row.
TOLERATED_ROWS = 100
REMEMBERED_SECONDS = 300.0
# Its share of the codes, and how the index is asked for it.
Part = tuple[float, str]


@dataclass(frozen=True)
class Frequencies:
    """In which share of the codes a gram stands."""

    shares: dict[str, float]
    # where it is not listed: at most what the rarest has that is
    otherwise: float
    rows: float

    def of(self, gram: str) -> float:
        return self.shares.get(gram, self.otherwise)

    def of_beginning(self, letters: str) -> float:
        """At most this share has a gram that begins so."""
        found = sum(share for gram, share in self.shares.items() if gram.startswith(letters))
        return min(found, 1.0) or self.otherwise

    def of_any(self, grams: Iterable[str]) -> float:
        """At most this share has one of them."""
        return min(sum(map(self.of, grams)), 1.0)

    def parts(self, tokens: tuple[list[str], list[str]], *, gram: str, beginning: str) -> list[Part]:
        """Whole grams and beginnings with their shares, written as `gram` and `beginning` format them."""
        grams, beginnings = tokens
        parts = [(self.of(each), gram.format(each)) for each in grams]
        return parts + [(self.of_beginning(each), beginning.format(each)) for each in beginnings]

    def choose(self, parts: Iterable[Part]) -> list[str]:
        """The rarest parts of a question, enough to leave few rows to look at."""
        chosen: list[str] = []
        expected = self.rows
        for share, asked in sorted(parts):
            if chosen and (share > USELESS_SHARE or (share > COMMON_SHARE and expected <= TOLERATED_ROWS)):
                break
            chosen.append(asked)
            expected *= share
        return chosen

    def most(self, parts: Sequence[Part]) -> float:
        """As many rows as the rarest part has, since the grams of a word go together; of one not listed, none."""
        rarest = min((share for share, _asked in parts), default=1.0)
        return rarest * self.rows if rarest > self.otherwise else 0.0


# Every part is asked for, and few rows are expected.
NOTHING_KNOWN = Frequencies({}, otherwise=0.0, rows=0.0)


class _Known:
    """What was last read, and until when it counts (monotonic seconds)."""

    frequencies: Frequencies | None = None
    until = 0.0
    lock = threading.Lock()


def remembered(read: Callable[[], Frequencies | None]) -> Frequencies | None:
    """What `read` answered within the last five minutes in this process; None where nothing is known."""
    with _Known.lock:
        if time.monotonic() < _Known.until:
            return _Known.frequencies
        # whoever comes meanwhile takes the old ones
        _Known.until = time.monotonic() + REMEMBERED_SECONDS
    _Known.frequencies = read()
    return _Known.frequencies


def forget() -> None:
    """The next search reads anew."""
    _Known.frequencies, _Known.until = None, 0.0
