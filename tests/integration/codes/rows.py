"""Rows of the history for tests that need no picture."""

from typing import Any

from apps.codes.models import Door, IssuedCode, Tag
from apps.codes.requests import code_request, digest
from apps.miniprograms.models import MiniProgram


def new_code(miniprogram: MiniProgram, scene: str, **fields: Any) -> IssuedCode:
    """An unsaved row; the picture that it names does not exist."""
    return IssuedCode(
        **{
            "miniprogram": miniprogram,
            "scene": scene,
            "env_version": "release",
            "check_path": True,
            "digest": digest(code_request(miniprogram, scene=scene)),
            "image": "codes/none.jpg",
            "image_sha256": "0" * 64,
            "image_size": 1,
            "image_width": 430,
            "media_type": "image/jpeg",
            "issued_by": "client:test",
            "door": Door.API,
            **fields,
        }
    )


def make_code(miniprogram: MiniProgram, scene: str, *, tags: tuple[str, ...] = (), **fields: Any) -> IssuedCode:
    """A saved row with its tags."""
    code = new_code(miniprogram, scene, **fields)
    code.save()
    code.tags.set([Tag.objects.get_or_create(name=name)[0] for name in tags])
    return code
