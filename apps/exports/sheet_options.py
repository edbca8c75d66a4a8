"""How a sheet is asked for in a query or a form: paper, columns, sizes, marks."""

import re
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.api.queries import read_choice
from apps.errors import InvalidRequest
from apps.exports.layout import Layout, roll_layout, sheet_layout

LABEL_SIZE = re.compile(r"(\d{1,3}(?:\.\d)?)x(\d{1,3}(?:\.\d)?)")


def read_layout(query: QueryDict, *, captions: int) -> Layout:
    """A roll if a `label` size is given, else A4 with `columns`, `size`, `cut_marks`. Raises InvalidRequest."""
    label = query.get("label")
    if label:
        sizes = LABEL_SIZE.fullmatch(label)
        if sizes is None:
            raise invalid("label", _("Write width x height in mm, like 50x60."))
        return roll_layout(width=float(sizes[1]), height=float(sizes[2]), captions=captions)
    size = query.get("size")
    if size and not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", size):
        raise invalid("size", _("Use millimetres, like 45 or 45.5."))
    return sheet_layout(
        columns=read_number(query, "columns", default=3, least=1, most=10),
        size=float(size) if size else None,
        captions=captions,
        has_cut_marks=read_choice(query, "cut_marks", known=["0", "1"]) != "0",
    )


def read_number(query: QueryDict, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of the query. Raises InvalidRequest."""
    asked = query.get(name)
    if not asked:
        return default
    if not (asked.isascii() and asked.isdigit() and least <= int(asked[:9]) <= most):
        raise invalid(name, _("Use a whole number from %(least)d to %(most)d.") % {"least": least, "most": most})
    return int(asked)


def as_query(form: QueryDict) -> QueryDict:
    """What a form with all fields of both kinds of paper means: those of the other kind do not count."""
    if "sheet" not in form:
        return form
    chosen = form.copy()
    unused = ("columns", "size", "cut_marks") if form["sheet"] == "roll" else ("label",)
    for name in unused:
        chosen.pop(name, None)
    if "cut_marks" in chosen:
        # a hidden 0 comes before the ticked 1
        chosen.setlist("cut_marks", form.getlist("cut_marks")[-1:])
    if form["sheet"] == "roll":
        chosen["label"] = form.get("label") or "-"
    chosen["caption"] = ",".join(dict.fromkeys(filter(None, form.getlist("caption")))) or "none"
    return chosen


def invalid(field: str, message: Any) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors={field: [str(message)]})
