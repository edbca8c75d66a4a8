"""Only a whole picture that decodes counts as a code."""

import struct
import zlib

import pytest

from apps.wechat.errors import MalformedResponse
from apps.wechat.pictures import is_picture, read_picture
from tests.unit.wechat.samples import JPEG, PNG, picture


def refused(body: bytes) -> str:
    with pytest.raises(MalformedResponse) as caught:
        read_picture(body)
    assert caught.value.is_retryable and caught.value.as_problem()["advice"]
    return str(caught.value)


@pytest.mark.parametrize("side", [280, 430, 1280])
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_every_size_that_wechat_draws_is_taken(side, format):
    image = read_picture(picture(format=format, size=(side, side)))
    assert (image.width, image.height) == (side, side)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_of_every_colour_space_decode(mode):
    assert read_picture(picture(mode=mode)).extension == "jpg"


def test_progressive_jpegs_decode():
    assert read_picture(picture(progressive=True)).width == 430


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "1"])
def test_pngs_of_every_kind_decode(mode):
    assert read_picture(picture(format="PNG", mode=mode)).extension == "png"


@pytest.mark.parametrize("whole", [JPEG, PNG], ids=["jpeg", "png"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_picture_cut_off_anywhere_is_refused_trap_12(whole, share):
    assert "is incomplete" in refused(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("whole", [JPEG, PNG], ids=["jpeg", "png"])
def test_a_picture_that_lacks_its_last_byte_is_refused_trap_12(whole):
    assert "is incomplete" in refused(whole[:-1])


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b" ", b"\x00"])
@pytest.mark.parametrize("whole", [JPEG, PNG], ids=["jpeg", "png"])
def test_nothing_may_follow_the_end_mark(whole, tail):
    refused(whole + tail)


def test_a_jpeg_of_headers_and_end_mark_alone_is_refused():
    start_of_scan = JPEG.index(b"\xff\xda")
    assert "image data is corrupt" in refused(JPEG[:start_of_scan] + b"\xff\xd9")


def test_a_png_with_its_middle_missing_is_refused():
    assert "image data is corrupt" in refused(PNG[: len(PNG) // 2] + PNG[-12:])


def test_a_png_with_damaged_data_is_refused():
    middle = PNG.index(b"IDAT") + 60
    assert "image data is corrupt" in refused(PNG[:middle] + bytes(40) + PNG[middle + 40 :])


@pytest.mark.parametrize("magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_a_magic_number_before_garbage_is_refused(magic):
    refused(magic + b"garbage" * 100)
    refused(magic + b"garbage" * 100 + (JPEG[-2:] if magic[0] == 0xFF else PNG[-12:]))


def test_json_behind_a_picture_magic_is_refused():
    refused(b"\xff\xd8\xff" + b'{"errcode":40001,"errmsg":"x"}' + b"\xff\xd9")


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (199, 199), (2001, 2001), (430, 1), (430, 199)])
def test_a_side_that_no_code_has_is_refused(size):
    assert "not a valid size for a code" in refused(picture(size=size))


@pytest.mark.parametrize("size", [(430, 500), (500, 430), (280, 1280)])
def test_a_picture_that_is_not_square_is_refused(size):
    assert "square" in refused(picture(size=size))


def test_a_decompression_bomb_is_refused_by_its_header_before_a_pixel_is_decoded():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + PNG[-12:]
    assert "30000 x 30000" in refused(bomb)


def test_a_bomb_in_the_text_of_a_png_is_refused():
    text = b"note\x00\x00" + zlib.compress(bytes(10**7), 1)
    end_of_header = 8 + 25
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    refused(PNG[:end_of_header] + chunk + PNG[end_of_header:])


@pytest.mark.parametrize("body", [b"", b"\xff\xd8", b"\x89PNG", b"{", b"GIF89a", b"RIFF1234WEBP", b"<svg>"])
def test_other_beginnings_are_no_picture(body):
    assert not is_picture(body)
