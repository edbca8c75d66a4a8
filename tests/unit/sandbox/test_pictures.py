"""The pictures: their type, size, colours, differences and metadata."""

import json
from io import BytesIO

import pytest
from PIL import Image

from apps.sandbox.metadata import read_metadata
from apps.sandbox.pictures import code_picture
from apps.sandbox.rays import BARS, CELLS, CHOICES, choose_patterns
from apps.sandbox.validation import parse_code_request
from tests.unit.sandbox.weixin import APPID

BLUE = {"r": 20, "g": 60, "b": 200}


def draw(appid: str = APPID, **fields) -> tuple[bytes, str]:
    code = parse_code_request(json.dumps({"scene": "a=1"} | fields, ensure_ascii=False).encode())
    return code_picture(appid=appid, code=code, page_exists=True)


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("width", [280, 430, 1280])
def test_a_baseline_jpeg_of_the_asked_width(width):
    content, media_type = draw(width=width)
    image = opened(content)
    assert (media_type, image.format, image.mode, image.size) == ("image/jpeg", "JPEG", "RGB", (width, width))
    assert content.startswith(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    assert content.endswith(b"\xff\xd9")


@pytest.mark.parametrize("width", [280, 431])
def test_a_png_with_alpha_when_hyaline(width):
    content, media_type = draw(width=width, is_hyaline=True)
    image = opened(content)
    assert (media_type, image.format, image.mode, image.size) == ("image/png", "PNG", "RGBA", (width, width))
    assert image.getpixel((0, 0))[3] == 0
    assert image.getchannel("A").getextrema() == (0, 255)


def test_metadata_says_what_was_asked():
    asked = {"page": "pages/商品/index", "scene": "id=7&x='", "env_version": "trial", "width": 300}
    for is_hyaline in (False, True):
        metadata = read_metadata(draw(**asked, is_hyaline=is_hyaline, line_color=BLUE)[0])
        assert {name: metadata[name] for name in asked} == asked
        assert metadata["appid"] == APPID
        assert metadata["line_color"] == [20, 60, 200]
        assert metadata["is_hyaline"] is is_hyaline


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n"])
def test_other_bytes_have_no_metadata(content):
    with pytest.raises(ValueError, match="picture|JPEG"):
        read_metadata(content)


def pixels(**fields) -> bytes:
    return opened(draw(**fields)[0]).tobytes()


def test_the_same_request_gives_the_same_picture():
    assert draw() == draw()


@pytest.mark.parametrize(
    "other", [{"scene": "a=2"}, {"page": "pages/x"}, {"env_version": "trial"}, {"appid": "wxffffffffffffffff"}]
)
def test_another_parameter_gives_another_picture(other):
    assert pixels() != pixels(**other)


def test_a_thousand_scenes_give_a_thousand_patterns():
    assert len({choose_patterns(str(number)) for number in range(1000)}) == 1000


def test_the_line_color_is_honoured():
    # the middle of the top left eye
    spot = (89, 89)
    assert all(value < 30 for value in opened(draw()[0]).getpixel(spot))
    red, green, blue = opened(draw(line_color=BLUE)[0]).getpixel(spot)
    assert abs(red - 20) < 12 and abs(green - 60) < 12 and abs(blue - 200) < 12


def test_a_transparent_code_has_the_line_color_under_its_smooth_edges():
    image = opened(draw(is_hyaline=True, line_color=BLUE)[0])
    assert image.getpixel((0, 0)) == (20, 60, 200, 0)
    assert image.getpixel((89, 89)) == (20, 60, 200, 255)


def test_auto_color_chooses_by_app_and_overrides_line_color():
    chosen = [
        read_metadata(draw(auto_color=True, line_color=BLUE, appid=appid)[0]) for appid in (APPID, "wx" + "f" * 16)
    ]
    assert chosen[0]["line_color"] != chosen[1]["line_color"]
    assert [20, 60, 200] not in [metadata["line_color"] for metadata in chosen]


def test_every_picture_is_marked():
    """The badge in the middle is amber with white words."""
    image = opened(draw()[0])
    colors = [image.getpixel((x, 210)) for x in range(140, 290)]
    assert any(min(color) > 220 for color in colors)
    assert any(color[0] > 220 and color[2] < 60 for color in colors)


def test_bars_are_the_runs_of_a_pattern():
    assert BARS[0b1100101] == ((0, 0), (2, 2), (5, 6))
    assert BARS[(1 << CELLS) - 1] == ((0, CELLS - 1),)
    assert all(1 <= len(BARS[pattern]) <= 2 for pattern in CHOICES)
    assert all(last - first < 4 for pattern in CHOICES for first, last in BARS[pattern])
