"""The drawing of a round code: rays around a badge, three eyes, a small emblem; smooth edges, drawn once per width."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from apps.sandbox.rays import BARS, CELLS, RAYS
from apps.sandbox.validation import Color

# All lengths are parts of the picture's width.
CENTER = 0.5
FIRST_CELL = 0.247
CELL_STEP = 0.0345
BAR = 0.0125
BADGE_RADIUS = 0.205
EYE_DISTANCE = 0.412
EYE_RADIUS = 0.078
EYE_GAP = 0.014
EMBLEM_CURVE = 0.0155
EMBLEM_LINE = 0.0095
EMBLEM_TILT = 30
# text, height of its letters, distance below the centre, extra thickness
WORDS = (("SANDBOX", 0.066, -0.012, 0.0012), ("not a real code", 0.027, 0.052, 0.0))
AMBER = (245, 158, 11)
WHITE = (255, 255, 255)
# Drawn this many times larger and scaled down: the smoothness of the edges.
BASE_SCALE = 4
BAR_SCALE = 8
Point = tuple[float, float]
Box = tuple[int, int, int, int]
Bar = tuple[Box, Image.Image]
Painter = Callable[[ImageDraw.ImageDraw, int], None]


def _place(distance: float, angle: float) -> Point:
    return CENTER + distance * math.cos(angle), CENTER + distance * math.sin(angle)


EYES = [_place(EYE_DISTANCE, math.radians(angle)) for angle in (135, 225, 315)]
EMBLEM = _place(EYE_DISTANCE, math.radians(45))


def _free_cells(angle: float) -> int:
    """One bit for every cell of this ray that does not touch an eye or the emblem."""
    free = 0
    for cell in range(CELLS):
        spot = _place(FIRST_CELL + cell * CELL_STEP, angle)
        if all(math.dist(spot, other) > EYE_RADIUS + BAR / 2 + EYE_GAP for other in (*EYES, EMBLEM)):
            free |= 1 << cell
    return free


class Sunflower:
    """Everything of one width that does not depend on the scene, and the bars from which the rest is made."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._angles = [2 * math.pi * (ray + 0.5) / RAYS for ray in range(RAYS)]
        self._free_cells = [_free_cells(angle) for angle in self._angles]
        self._masks: dict[tuple[int, int, int], Bar] = {}
        self._bars: dict[tuple[int, int], tuple[Bar, ...]] = {}
        self._lines = self._mask(self._draw_lines)
        self._badge = self._mask(self._draw_badge)
        self._words = self._mask(self._draw_words)

    def base(self, color: Color, *, is_hyaline: bool) -> Image.Image:
        """Background, eyes, emblem and badge in this line colour; transparent outside them if `is_hyaline`."""
        size = (self.width, self.width)
        opaque = (255,) if is_hyaline else ()
        # transparent pixels carry the line colour, so that smooth edges do not turn grey
        image = Image.new("RGBA", size, (*color, 0)) if is_hyaline else Image.new("RGB", size, WHITE)
        image.paste((*color, *opaque), mask=self._lines)
        image.paste((*AMBER, *opaque), mask=self._badge)
        image.paste((*WHITE, *opaque), mask=self._words)
        return image

    def bars(self, ray: int, pattern: int) -> tuple[Bar, ...]:
        """Where the bars of this pattern go on this ray, and their masks; cells that are not free stay empty."""
        key = (ray, pattern & self._free_cells[ray])
        found = self._bars.get(key)
        if found is None:
            found = tuple(self._bar(ray, first, last) for first, last in BARS[key[1]])
            self._bars[key] = found
        return found

    def _bar(self, ray: int, first: int, last: int) -> Bar:
        key = (ray, first, last)
        if key not in self._masks:
            self._masks[key] = self._draw_bar(*key)
        return self._masks[key]

    def _draw_bar(self, ray: int, first: int, last: int) -> Bar:
        radius = BAR / 2 * self.width
        ends = [
            tuple(part * self.width for part in _place(FIRST_CELL + cell * CELL_STEP, self._angles[ray]))
            for cell in (first, last)
        ]
        left, top = (math.floor(min(end[axis] for end in ends) - radius) for axis in (0, 1))
        right, bottom = (math.ceil(max(end[axis] for end in ends) + radius) for axis in (0, 1))
        mask = Image.new("L", ((right - left) * BAR_SCALE, (bottom - top) * BAR_SCALE))
        draw = ImageDraw.Draw(mask)
        (x0, y0), (x1, y1) = [((x - left) * BAR_SCALE, (y - top) * BAR_SCALE) for x, y in ends]
        thick = radius * BAR_SCALE
        across = self._angles[ray] + math.pi / 2
        dx, dy = thick * math.cos(across), thick * math.sin(across)
        draw.polygon([(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)], fill=255)
        draw.circle((x0, y0), thick, fill=255)
        draw.circle((x1, y1), thick, fill=255)
        return (left, top, right, bottom), mask.reduce(BAR_SCALE)

    def _mask(self, paint: Painter) -> Image.Image:
        side = self.width * BASE_SCALE
        mask = Image.new("L", (side, side))
        paint(ImageDraw.Draw(mask), side)
        return mask.reduce(BASE_SCALE)

    def _draw_lines(self, draw: ImageDraw.ImageDraw, side: int) -> None:
        for x, y in EYES:
            for radius, fill in ((EYE_RADIUS, 255), (EYE_RADIUS - 0.021, 0), (0.033, 255)):
                draw.circle((x * side, y * side), radius * side, fill=fill)

    def _draw_badge(self, draw: ImageDraw.ImageDraw, side: int) -> None:
        middle = (CENTER * side, CENTER * side)
        draw.circle(middle, BADGE_RADIUS * side, fill=255)
        draw.circle(middle, (BADGE_RADIUS - 0.007) * side, fill=0)
        draw.circle(middle, (BADGE_RADIUS - 0.016) * side, fill=255)
        draw.circle((EMBLEM[0] * side, EMBLEM[1] * side), 0.07 * side, fill=255)

    def _draw_words(self, draw: ImageDraw.ImageDraw, side: int) -> None:
        middle = CENTER * side
        for text, size, y, weight in WORDS:
            font = ImageFont.load_default(size * side)
            spot = (middle, middle + y * side)
            draw.text(spot, text, fill=255, font=font, anchor="mm", stroke_width=weight * side)
        self._draw_emblem(draw, side)

    def _draw_emblem(self, draw: ImageDraw.ImageDraw, side: int) -> None:
        """A tilted S with round ends: two arcs that meet in the middle."""
        radius, line = EMBLEM_CURVE * side, EMBLEM_LINE * side
        reach = radius + line / 2
        for turn in (0, 180):
            toward = math.radians(EMBLEM_TILT + turn - 90)
            x = EMBLEM[0] * side + radius * math.cos(toward)
            y = EMBLEM[1] * side + radius * math.sin(toward)
            start = EMBLEM_TILT + turn + 90
            draw.arc((x - reach, y - reach, x + reach, y + reach), start, start + 270, fill=255, width=round(line))
            end = math.radians(start + 270)
            draw.circle((x + radius * math.cos(end), y + radius * math.sin(end)), line / 2, fill=255)
