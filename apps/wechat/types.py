"""The values that go to WeChat and come back, and WeChat's limits, each declared once."""

import string
from dataclasses import dataclass, field
from typing import Final

# https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html
SCENE_ALPHABET: Final = frozenset(string.digits + string.ascii_letters + "!#$&'()*+,/:;=?@-._~")
SCENE_MAX_LENGTH: Final = 32
WIDTH_MIN: Final = 280
WIDTH_MAX: Final = 1280
WIDTH_DEFAULT: Final = 430
# the documents name no limit for page; this is the one of getwxacode's path
PAGE_MAX_LENGTH: Final = 1024
# https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html and createQRCode.html
LIMITED_PATH_MAX_LENGTH: Final = 1024
# the page's tables say characters and bytes: whoever keeps to bytes keeps to both
QRCODE_PATH_MAX_BYTES: Final = 128
# both together, for the life of a mini-program; nothing brings them back
LIFETIME_CODES: Final = 100_000
# different pages of codes with check_path off, per mini-program
UNCHECKED_PAGES: Final = 60_000
ENV_VERSIONS: Final = ("release", "trial", "develop")
# WeChat adds this query key itself, so neither scene nor page may hold it.
RESERVED_WORD: Final = "scancode_time"
APPID_PATTERN: Final = r"^wx[0-9a-f]{16}$"

CODE_CALLS_PER_MINUTE: Final = 5000
TOKEN_FETCHES_PER_DAY: Final = 2000
FORCED_REFRESHES_PER_DAY: Final = 20
FORCED_REFRESH_GAP_SECONDS: Final = 30
QUOTA_CLEARS_PER_MONTH: Final = 10


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as WeChat handed it out: `expires_in` whole seconds from that moment."""

    value: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class LineColor:
    """The colour of the lines when `auto_color` is off, each part 0 to 255."""

    r: int = 0
    g: int = 0
    b: int = 0


@dataclass(frozen=True, slots=True)
class UnlimitedCode:
    """What getwxacodeunlimit is asked for; an empty `page` means the home page, `width` is in pixels."""

    scene: str
    page: str = ""
    check_path: bool = True
    env_version: str = "release"
    width: int = WIDTH_DEFAULT
    auto_color: bool = False
    line_color: LineColor = LineColor()
    is_hyaline: bool = False


@dataclass(frozen=True, slots=True)
class ApiQuota:
    """What WeChat counts of one endpoint: calls of a day, where it limits them, and `calls` in `seconds`."""

    daily_limit: int
    used: int
    remain: int
    calls: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class RidReport:
    """What WeChat remembers of one request; `invoked_at` in Unix seconds. Its texts hold no credentials any more."""

    invoked_at: int
    cost_ms: int
    request_url: str
    request_body: str
    response_body: str
    client_ip: str


@dataclass(frozen=True, slots=True)
class LimitedCode:
    """What getwxacode is asked for: one of the 100,000; `path` may carry a query, `width` is in pixels."""

    path: str
    env_version: str = "release"
    width: int = WIDTH_DEFAULT
    auto_color: bool = False
    line_color: LineColor = LineColor()
    is_hyaline: bool = False


@dataclass(frozen=True, slots=True)
class QrCode:
    """What createwxaqrcode is asked for, the old square kind: one of the same 100,000."""

    path: str
    width: int = WIDTH_DEFAULT


@dataclass(frozen=True, slots=True)
class CodeImage:
    """A complete picture that decodes; type and extension come from its bytes, width and height are pixels.

    `num_used` is how many of the 100,000 codes are used up with this one, where WeChat says so.
    """

    content: bytes = field(repr=False)
    media_type: str
    extension: str
    width: int
    height: int
    num_used: int | None = None
