"""Which cells of a ray are filled: patterns of bits, the bars that they make, and the choice that a scene makes."""

import hashlib

RAYS = 72
CELLS = 7
MOST_BARS = 2
LONGEST_BAR = 4


def _bars(pattern: int) -> tuple[tuple[int, int], ...]:
    bars: list[tuple[int, int]] = []
    for cell in range(CELLS):
        if not pattern >> cell & 1:
            continue
        if bars and bars[-1][1] == cell - 1:
            bars[-1] = (bars[-1][0], cell)
        else:
            bars.append((cell, cell))
    return tuple(bars)


# First and last cell of every bar, by pattern.
BARS = tuple(_bars(pattern) for pattern in range(1 << CELLS))


def _longest(pattern: int) -> int:
    return max(last - first + 1 for first, last in BARS[pattern])


def _choices() -> bytes:
    """256 patterns of one or two short bars, mostly ones that begin at the badge: dense inside, ragged outside."""
    weights = {pattern: 8 if pattern & 1 else 4 if pattern & 2 else 1 for pattern in range(1, 1 << CELLS)}
    few = [pattern for pattern in weights if len(BARS[pattern]) <= MOST_BARS and _longest(pattern) <= LONGEST_BAR]
    drawn = [pattern for pattern in few for _ in range(weights[pattern])]
    return bytes(drawn[index * len(drawn) // 256] for index in range(256))


CHOICES = _choices()


def choose_patterns(seed: str) -> bytes:
    """One pattern for every ray; another seed, another picture."""
    return hashlib.shake_128(seed.encode()).digest(RAYS).translate(CHOICES)
