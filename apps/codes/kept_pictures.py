"""Pictures that cost one of 100,000, kept in Redis from WeChat's answer until their row is stored."""

from contextlib import suppress

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.miniprograms.models import MiniProgram
from apps.wechat.types import CodeImage

# Database or storage are mended by then, and whoever asked has asked again.
KEPT_SECONDS = 7 * 86_400


def keep_picture(miniprogram: MiniProgram, digest: str, image: CodeImage) -> None:
    """Keep what WeChat has drawn for `digest`: should storing fail, or this process die, the next request finds it."""
    facts: dict[str, bytes | str | int] = {
        "content": image.content,
        "media_type": image.media_type,
        "extension": image.extension,
        "width": image.width,
        "height": image.height,
        "num_used": "" if image.num_used is None else image.num_used,
    }
    # without Redis there is only this one try to store it
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        pipeline = redis.pipeline()
        pipeline.hset(_place(miniprogram, digest), mapping=facts)
        pipeline.expire(_place(miniprogram, digest), KEPT_SECONDS)
        pipeline.execute()


def find_kept_picture(miniprogram: MiniProgram, digest: str) -> CodeImage | None:
    """The picture that was drawn for `digest` and never got a row. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        kept: dict[bytes, bytes] = redis.hgetall(_place(miniprogram, digest))
    if not kept:
        return None
    facts = {name.decode(): value.decode() for name, value in kept.items() if name != b"content"}
    return CodeImage(
        content=kept[b"content"],
        media_type=facts["media_type"],
        extension=facts["extension"],
        width=int(facts["width"]),
        height=int(facts["height"]),
        num_used=int(facts["num_used"]) if facts["num_used"] else None,
    )


def forget_picture(miniprogram: MiniProgram, digest: str) -> None:
    """Its row is stored."""
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        redis.delete(_place(miniprogram, digest))


def _place(miniprogram: MiniProgram, digest: str) -> str:
    return key("drawn", miniprogram.appid, digest)
