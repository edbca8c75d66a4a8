"""One code drawn by WeChat: asked for, checked, its picture stored; saving the row is left to the caller."""

from collections.abc import Callable

from apps.codes.kept_pictures import find_kept_picture, keep_picture
from apps.codes.lifetime import note_used, spending
from apps.codes.models import PATH_KINDS, IssuedCode
from apps.codes.pictures import store_image
from apps.codes.requests import CodeRequest, Issuer, line_color, stored_color, wire_code
from apps.miniprograms.models import MiniProgram
from apps.tokens.database import release_database
from apps.tokens.outgoing import client_for
from apps.tokens.services import call_with_token
from apps.wechat.paths import CODE_PATHS
from apps.wechat.types import CodeImage, LimitedCode, UnlimitedCode


def draw_code(
    miniprogram: MiniProgram,
    request: CodeRequest,
    *,
    digest: str,
    issuer: Issuer,
    acquire: Callable[[], object],
) -> IssuedCode:
    """The unsaved row of a code whose picture is already in the storage; `acquire` is asked before every call.

    One of the 100,000 that was drawn before and not stored is not drawn again; `forget_picture` ends that.

    Raises AnswerLost, CoordinationUnavailable, StorageUnavailable, SecretUnavailable, MiniProgramInactive,
    WeChatError (WeChatLeftAlone before anything is asked), and whatever `acquire` raises.
    """
    if request.kind in PATH_KINDS:
        image = find_kept_picture(miniprogram, digest) or _spend_one(miniprogram, request, digest, issuer, acquire)
        num_used = note_used(miniprogram, image.num_used)
    else:
        image, num_used = _ask_wechat(miniprogram, request, issuer, acquire), None
    name, image_sha256 = store_image(image)
    return IssuedCode(
        miniprogram=miniprogram,
        kind=request.kind,
        scene=request.scene,
        page=request.page,
        env_version=request.env_version,
        check_path=request.check_path,
        width=request.width,
        auto_color=request.auto_color,
        line_color=stored_color(line_color(request)),
        is_hyaline=request.is_hyaline,
        digest=digest,
        label=request.label,
        external_id=request.external_id,
        image=name,
        image_sha256=image_sha256,
        image_size=len(image.content),
        image_width=image.width,
        media_type=image.media_type,
        num_used=num_used,
        client_id=issuer.client_id,
        issued_by=issuer.label,
        door=issuer.door,
    )


def _spend_one(
    miniprogram: MiniProgram, request: CodeRequest, digest: str, issuer: Issuer, acquire: Callable[[], object]
) -> CodeImage:
    with spending(miniprogram, digest):
        image = _ask_wechat(miniprogram, request, issuer, acquire)
        keep_picture(miniprogram, digest, image)
    return image


def _ask_wechat(
    miniprogram: MiniProgram, request: CodeRequest, issuer: Issuer, acquire: Callable[[], object]
) -> CodeImage:
    client = client_for(miniprogram)
    wire = wire_code(request)
    path = CODE_PATHS[type(wire)]

    def acquire_ahead() -> None:
        # an endpoint that is left alone costs no permit
        with client.ahead_of(path):
            acquire()

    def call(access_token: str) -> CodeImage:
        if isinstance(wire, UnlimitedCode):
            return client.unlimited_code(access_token=access_token, code=wire)
        if isinstance(wire, LimitedCode):
            return client.limited_code(access_token=access_token, code=wire)
        return client.qr_code(access_token=access_token, code=wire)

    release_database()
    return call_with_token(
        miniprogram,
        call,
        acquire=acquire_ahead,
        requested_by=issuer.label,
    )
