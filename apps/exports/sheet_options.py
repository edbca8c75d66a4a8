"""How a sheet is asked for in a query or a form: paper, measures, sizes, marks."""

import re
from dataclasses import replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.api.queries import read_choice
from apps.errors import InvalidRequest
from apps.exports.layout import MOST_COLUMNS, Layout, roll_layout, sheet_layout
from apps.exports.stickers import MOST_ROWS, PAPERS, PRESETS, StickerSheet, sticker_layout

LABEL_SIZE = re.compile(r"(\d{1,3}(?:\.\d)?)x(\d{1,3}(?:\.\d)?)")
MEASURE = re.compile(r"\d{1,3}(\.\d{1,2})?")
BESIDE = {"beside": True, "below": False}
# how stickers lie: parameter -> field of StickerSheet
MEASURES = {
    "sticker_width": "width",
    "sticker_height": "height",
    "gap_x": "gap_x",
    "gap_y": "gap_y",
    "margin_left": "margin_left",
    "margin_top": "margin_top",
}
OF_STICKERS = (*MEASURES, "preset", "paper", "rows", "start")
# what a sheet may be asked for with, whoever's codes are on it
PARAMETERS = ("columns", "size", "label", "cut_marks", "caption", "caption_position", "test_page", *OF_STICKERS)
# what stays of a form for each kind of paper
KEPT = {
    "a4": {"columns", "size", "cut_marks"},
    "stickers": {"preset", "start", "size", "caption_position"},
    "own": {*OF_STICKERS, "columns", "size", "caption_position"} - {"preset"},
    "roll": {"label", "caption_position"},
}


def read_layout(query: QueryDict, *, captions: int) -> Layout:
    """A roll if there is a `label`, a sheet of stickers if there is a `preset` or the size of one, else A4 to be cut.

    Raises InvalidRequest.
    """
    position = BESIDE.get(read_choice(query, "caption_position", known=list(BESIDE)))
    label = query.get("label")
    if label:
        sizes = LABEL_SIZE.fullmatch(label)
        if sizes is None:
            raise invalid("label", _("Enter width x height in mm, for example 50x60."))
        for name in filter(query.get, OF_STICKERS):
            raise invalid(name, _("Not for a roll: leave out either this or label."))
        return roll_layout(
            width=float(sizes[1]), height=float(sizes[2]), captions=captions, is_beside=position or False
        )
    size = read_measure(query, "size")
    if any(query.get(name) for name in ("preset", "sticker_width", "sticker_height")):
        sheet = read_stickers(query)
        start = read_number(query, "start", default=1, least=1, most=sheet.columns * sheet.rows)
        return sticker_layout(sheet, captions=captions, start=start, size=size, is_beside=position)
    for name in filter(query.get, (*OF_STICKERS, "caption_position")):
        raise invalid(name, _("Only for stickers: send preset, or sticker_width and sticker_height, as well."))
    return sheet_layout(
        columns=read_number(query, "columns", default=3, least=1, most=MOST_COLUMNS),
        size=size,
        captions=captions,
        has_cut_marks=read_choice(query, "cut_marks", known=["0", "1"]) != "0",
    )


def is_test_page(query: QueryDict) -> bool:
    """Whether a page to lay over a bought sheet is asked for, and no codes. Raises InvalidRequest."""
    return read_choice(query, "test_page", known=["0", "1"]) == "1"


def read_stickers(query: QueryDict) -> StickerSheet:
    """The preset, or as many stickers of a size as fit in the middle; what else is given counts. InvalidRequest."""
    preset = read_choice(query, "preset", known=list(PRESETS))
    given: dict[str, Any] = {
        field: length for name, field in MEASURES.items() if (length := read_measure(query, name)) is not None
    }
    for name in ("sticker_width", "sticker_height"):
        if not given.get(MEASURES[name], preset):
            raise invalid(name, _("Enter the size of a sticker in mm."))
    if paper := read_choice(query, "paper", known=list(PAPERS)):
        given["paper"] = paper
    sheet = replace(PRESETS[preset].sheet, **given) if preset else StickerSheet(**given, columns=1, rows=1).filled()
    columns = read_number(query, "columns", default=sheet.columns, least=1, most=MOST_COLUMNS)
    return replace(sheet, columns=columns, rows=read_number(query, "rows", default=sheet.rows, least=1, most=MOST_ROWS))


def read_measure(query: QueryDict, name: str) -> float | None:
    """Millimetres, None where nothing is said. Raises InvalidRequest."""
    asked = query.get(name)
    if not asked:
        return None
    if not MEASURE.fullmatch(asked):
        raise invalid(name, _("Use millimetres, for example 45 or 45.5."))
    return float(asked)


def read_number(query: QueryDict, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of the query. Raises InvalidRequest."""
    asked = query.get(name)
    if not asked:
        return default
    if not (asked.isascii() and asked.isdigit() and least <= int(asked[:9]) <= most):
        raise invalid(name, _("Use a whole number from %(least)d to %(most)d.") % {"least": least, "most": most})
    return int(asked)


def as_query(form: QueryDict) -> QueryDict:
    """What a form with all fields of all kinds of paper means: those of the other kinds do not count."""
    if "sheet" not in form:
        return form
    chosen = form.copy()
    kind = form["sheet"] if form["sheet"] in KEPT else "a4"
    if kind == "stickers" and not form.get("preset"):
        kind = "own"
    for name in PARAMETERS:
        if name not in KEPT[kind] | {"test_page"}:
            chosen.pop(name, None)
    if "cut_marks" in chosen:
        # a hidden 0 comes before the ticked 1
        chosen.setlist("cut_marks", form.getlist("cut_marks")[-1:])
    if kind == "roll":
        chosen["label"] = form.get("label") or "-"
    if kind == "own":
        # so that stickers are meant even where nothing was typed
        chosen["sticker_width"] = form.get("sticker_width") or "0"
    chosen["caption"] = ",".join(dict.fromkeys(filter(None, form.getlist("caption")))) or "none"
    return chosen


def invalid(field: str, message: Any) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors={field: [str(message)]})
