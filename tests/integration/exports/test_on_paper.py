"""What the tools of a printer find in a PDF: texts, and lines in their places."""

import subprocess
from shutil import which

import pytest
from django.http import QueryDict
from PIL import Image

from apps.exports.outlines import draw_test_page
from apps.exports.sheet_options import read_layout

DOTS_PER_INCH = 150


@pytest.mark.skipif(which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_test_page_numbers_every_sticker_and_says_how_long_its_rulers_are(tmp_path):
    with draw_test_page("Hall", read_layout(QueryDict("preset=avery-l7160&start=3"), captions=1)) as file:
        (tmp_path / "test.pdf").write_bytes(file.read())
    text = subprocess.run(["pdftotext", tmp_path / "test.pdf", "-"], check=True, capture_output=True, text=True).stdout
    assert set(map(str, range(1, 22))) <= set(text.split())
    assert "Rulers: 100 and 100 mm." in text


@pytest.mark.skipif(which("pdftoppm") is None, reason="pdftoppm is not installed")
def test_the_outlines_are_where_the_stickers_of_a_bought_sheet_are(tmp_path):
    with draw_test_page("Hall", read_layout(QueryDict("preset=avery-l7163"), captions=1)) as file:
        (tmp_path / "test.pdf").write_bytes(file.read())
    command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-png", "-singlefile", "test.pdf", "test"]
    subprocess.run(command, check=True, cwd=tmp_path)
    with Image.open(tmp_path / "test.png").convert("L") as page:
        # a line across the second row of stickers, between the code and the upper edge
        row = round((15.15 + 38.1 + 1) / 25.4 * DOTS_PER_INCH)
        dark = [x * 25.4 / DOTS_PER_INCH for x in range(page.width) if page.getpixel((x, row)) < 200]
    edges = [4.65, 4.65 + 99.1, 4.65 + 101.6, 4.65 + 101.6 + 99.1]
    assert all(min(abs(x - edge) for x in dark) < 0.5 for edge in edges), dark
