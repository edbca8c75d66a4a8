"""A bar chart as plain numbers for an SVG: no text in it, so that it may be stretched to any width."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.overview.issuing import DayCount

# The drawing's own units; the page stretches it.
BAR_WIDTH, BAR_GAP, HEIGHT = 8, 2, 100
# A day with a single code is still to be seen beside one with ten thousand.
SMALLEST_BAR = 1.5


@dataclass(frozen=True)
class Bar:
    """One day: `x`, `y` and `height` in the drawing's units, y downwards."""

    day: DayCount
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Bars from left to right, and the numbers beside them."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    top: int
    total: int

    @property
    def today(self) -> DayCount:
        return self.bars[-1].day

    @property
    def first(self) -> DayCount:
        return self.bars[0].day

    @property
    def busiest(self) -> DayCount:
        return max((bar.day for bar in self.bars), key=lambda day: day.count)


def draw_chart(days: Sequence[DayCount]) -> Chart:
    """`days` as bars; the scale ends at the round number above the busiest of them."""
    top = round_up(max(day.count for day in days))
    bars = []
    for number, day in enumerate(days):
        height = round(max(day.count / top * HEIGHT, SMALLEST_BAR), 2) if day.count else 0
        bars.append(Bar(day, x=number * (BAR_WIDTH + BAR_GAP), y=round(HEIGHT - height, 2), height=height))
    return Chart(
        bars=tuple(bars),
        width=len(days) * (BAR_WIDTH + BAR_GAP) - BAR_GAP,
        height=HEIGHT,
        top=top,
        total=sum(day.count for day in days),
    )


def round_up(number: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power >= number:
                return step * power
        power *= 10
