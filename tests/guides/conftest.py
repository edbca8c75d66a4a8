"""The browser that the gallery's journeys use."""

from tests.browser.conftest import chromium

__all__ = ["chromium"]
