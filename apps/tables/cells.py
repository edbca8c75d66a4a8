"""Cells that no spreadsheet takes for a formula."""

# what spreadsheets take for a formula; exports put ' before it, and readers take it away again
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# ... and the ' itself, so that taking it away always gives back what was there
GUARDED_STARTS = (*FORMULA_STARTS, "'")


def harmless(cell: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(GUARDED_STARTS) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `harmless`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(GUARDED_STARTS) else cell
