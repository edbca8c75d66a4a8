"""Real bytes for the tests: pictures, error bodies, and the credentials that no text may show."""

import io
import json
from typing import Any

from PIL import Image, ImageDraw

from apps.wechat.wire import WireAnswer

APPID = "wx0123456789abcdef"
SECRET = "5f0c1b2a3948576675849302a1b2c3d4"
TOKEN = "85_" + "Ab9-_xYz" * 18
RID = "60ed0729-6826af96-2768e17d"


def picture(*, format: str = "JPEG", size: tuple[int, int] = (430, 430), mode: str = "RGB", **options: Any) -> bytes:
    """A picture with enough detail that its data is longer than its headers."""
    image = Image.new(mode, size)
    draw = ImageDraw.Draw(image)
    for step in range(0, min(size), 7):
        draw.ellipse((step, step // 2, step + 40, step // 2 + 40), fill=(step % 256, 90, 200)[: len(image.getbands())])
    stream = io.BytesIO()
    image.save(stream, format=format, **options)
    return stream.getvalue()


JPEG = picture(quality=95)
PNG = picture(format="PNG", mode="RGBA")


def json_answer(fields: object, *, status: int = 200) -> WireAnswer:
    return WireAnswer(status, json.dumps(fields, ensure_ascii=False).encode())


def refusal(errcode: int, errmsg: str = "no", *, status: int = 200) -> WireAnswer:
    return json_answer({"errcode": errcode, "errmsg": f"{errmsg} rid: {RID}"}, status=status)
