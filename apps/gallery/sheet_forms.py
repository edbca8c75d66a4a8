"""The form for sheets to print, the same wherever codes are printed: what it offers, and how it is filled in."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from apps.exports.captions import CAPTIONS
from apps.exports.layout import MOST_COLUMNS
from apps.exports.stickers import PRESETS, StickerSheet

FIRST = "sheet=a4&columns=3&cut_marks=1&caption=label"
OF_CODES = {name: words for name, (words, _read) in CAPTIONS.items()}


def sheet_facts(query: QueryDict, *, captions: Mapping[str, Any] = OF_CODES) -> dict[str, Any]:
    """For the template: `captions` to choose from, and everything as it was sent, or to begin with."""
    sheet = query if "sheet" in query else QueryDict(FIRST)
    chosen_preset = sheet.get("preset", next(iter(PRESETS)))
    return {
        "sheet": sheet,
        "captions": sheet.getlist("caption"),
        "caption_columns": list(captions.items()),
        "presets": [
            (name, str(preset), name == chosen_preset, measures(preset.sheet)) for name, preset in PRESETS.items()
        ],
        "has_own_measures": chosen_preset == "",
        "column_counts": [str(count) for count in range(1, MOST_COLUMNS + 1)],
    }


def measures(sheet: StickerSheet) -> dict[str, str]:
    """The measures of `sheet` as its fields take them."""
    lengths = {
        "sticker_width": sheet.width,
        "sticker_height": sheet.height,
        "columns": sheet.columns,
        "rows": sheet.rows,
        "gap_x": sheet.gap_x,
        "gap_y": sheet.gap_y,
        "margin_left": sheet.left,
        "margin_top": sheet.top,
    }
    return {name: f"{round(length, 2):g}" for name, length in lengths.items()} | {"paper": sheet.paper}
