"""Whether the cells of tables say which column they belong to: on a phone each does, in a wide window none."""

from playwright.sync_api import Page

from tests.browser.conftest import SMALLEST, WIDE

# of the cells with text in them: the text, and the heading that is shown before it
CELLS = """() => [...document.querySelectorAll('main td, #result_list td, #result_list th, .token-table td')]
  .filter(cell => cell.closest('tbody') && cell.textContent.trim() && !cell.matches('.action-checkbox'))
  .map(cell => [cell.textContent.trim(), getComputedStyle(cell, '::before').content])"""
NOTHING = ("none", "normal", '""')


def shown_headings(page: Page) -> list[str]:
    return [heading for _text, heading in page.evaluate(CELLS)]


def wrong_headings(page: Page) -> list[str]:
    """Cells without a heading where they stand below each other, and with one where the head of the table is there."""
    wrong = []
    for viewport in WIDE, SMALLEST:
        page.set_viewport_size(viewport)
        for text, heading in page.evaluate(CELLS):
            if (heading in NOTHING) != (viewport == WIDE):
                wrong.append(f"the cell with {text} in a window of {viewport['width']} px: {heading}")
    return wrong
