"""What a page has the browser save."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page


def download(page: Page, target: Path, act: Callable[[], None]) -> Path:
    """The file that `act` has the browser save, in the directory `target`."""
    with page.expect_download() as found:
        act()
    place = target / found.value.suggested_filename
    found.value.save_as(place)
    return place
