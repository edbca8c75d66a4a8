"""Which of WeChat's code APIs made a code, and through which door it was asked for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """Which of WeChat's code APIs made it."""

    UNLIMITED = "unlimited", _("unlimited (getwxacodeunlimit)")
    LIMITED = "limited", _("limited (getwxacode)")
    QRCODE = "qrcode", _("square QR code (createwxaqrcode)")


# one of 100,000 that a mini-program has for its life; they take a path instead of scene and page
PATH_KINDS = frozenset({Kind.LIMITED.value, Kind.QRCODE.value})


class Door(models.TextChoices):
    """How the request came in."""

    API = "api", _("API")
    GALLERY = "gallery", _("gallery")
    WECHAT = "wechat", _("WeChat-compatible API")
    EXTEND = "extend", _("legacy API: /api/extend/")
    QRCODE = "qrcode", _("older service: /api/qrcode")
