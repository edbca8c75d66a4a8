"""Cells that are not what their author sees, or may not be: what they show, and why they cannot be used as they are."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

# What a spreadsheet shows instead of a result.
ERRORS = frozenset(
    ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!",
     "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#GETTING_DATA", "#PYTHON!", "#EXTERNAL!")
)  # fmt: skip
DIGITS_KEPT = 15
# 1.91431E+18, as Excel shows and exports a long number
SHORTENED = re.compile(r"-?\d(\.\d+)?E[+-]\d{2,3}")


@dataclass(frozen=True, slots=True)
class OddCell:
    """A cell that is more than a text.

    `shown` is what the spreadsheet shows, `bare` the same without separators of thousands, `number` the value alone.
    `problem` says why it cannot be part of a code; `is_broken`, that it cannot be used anywhere; `is_exact`, that
    `shown` is certain, so that it may be a caption.
    """

    shown: str
    bare: str = ""
    number: str = ""
    problem: str = ""
    is_broken: bool = False
    is_exact: bool = False
    warning: str = ""

    def __str__(self) -> str:
        return self.shown


Cell = str | OddCell


def text_cell(text: str) -> Cell:
    """`text`, unless it is an error, or a number that a spreadsheet has shortened."""
    first = text[:1]
    if first == "#":
        return error_cell(text) if text.upper() in ERRORS else text
    if not (first.isdigit() or first == "-"):
        return text
    if SHORTENED.fullmatch(text):
        return OddCell(text, problem=_(
            "This looks like a number that Excel has shortened: format the column as text, enter the number again, "
            "and save the file again."))  # fmt: skip
    if len(text) > DIGITS_KEPT and text.isdecimal() and not text[DIGITS_KEPT:].strip("0"):
        return OddCell(text, warning=_(
            "Everything after the 15th digit is 0: Excel may have replaced the last digits. Compare it with the "
            "original."))  # fmt: skip
    return text


def error_cell(shown: str) -> OddCell:
    """A cell whose formula has failed."""
    return OddCell(shown, problem=_("The cell contains an error (%(error)s): correct it in the spreadsheet.") % {
        "error": shown}, is_broken=True)  # fmt: skip


def formula_cell(formula: str) -> OddCell:
    """A cell whose formula nobody has calculated: a program has written it."""
    return OddCell(f"={formula}", problem=_(
        "The formula has not been calculated: open the file in Excel or WPS and save it."), is_broken=True)  # fmt: skip


def truth_cell(*, is_true: bool) -> OddCell:
    return OddCell("TRUE" if is_true else "FALSE", is_exact=True, problem=_(
        "The cell contains TRUE or FALSE instead of text: format the column as text and enter it again."
    ))  # fmt: skip


def date_cell(shown: str) -> OddCell:
    return OddCell(shown, problem=_(
        "The cell contains a date or a time: format the column as text and enter it again."))  # fmt: skip


def long_number_cell(number: str) -> OddCell:
    return OddCell(number, problem=_(
        "More than 15 digits: Excel has lost some. Format the column as text and enter the number again."))  # fmt: skip


def unclear_cell(number: str, *, shown: str = "") -> OddCell:
    """A number in a format (percentage, fraction, exponent …) that makes it look like something else."""
    return OddCell(shown or number, number=number, is_exact=bool(shown), problem=_(
        "The cell contains the number %(number)s but shows something else, such as a percentage or a fraction: format "
        "the column as text and enter it again.") % {"number": number})  # fmt: skip


def shown_cell(number: str, shown: str, *, is_rounded: bool) -> Cell:
    """A number in a format that only adds zeros, words or separators."""
    if shown == number:
        return number
    bare = shown.replace(",", "")
    warning = ""
    if is_rounded or bare != shown:
        warning = _("The cell contains %(number)s and shows %(shown)s: %(used)s is used.") % {
            "number": number, "shown": shown, "used": bare}  # fmt: skip
    return OddCell(shown, bare, number, warning=warning)
