"""Adding a mini-program the same way from the admin, the command line and the first run."""

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from apps.errors import FieldErrors, InvalidRequest
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.miniprograms.proxies import assign_proxy
from apps.miniprograms.secrets import assign_secret
from apps.wechat.rules import page_problems
from apps.wechat.types import WIDTH_DEFAULT


@sensitive_variables("secret", "proxy_login")
def add_miniprogram(
    *,
    appid: str,
    name: str,
    secret: str = "",
    secret_ref: str = "",
    default_page: str = "",
    env_version: str = "release",
    check_path: bool | None = None,
    width: int = WIDTH_DEFAULT,
    auto_color: bool = False,
    line_color: str = "#000000",
    is_hyaline: bool = False,
    token_mode: str = TokenMode.STABLE,
    is_sandbox: bool = False,
    proxy_url: str = "",
    proxy_login: str = "",
    proxy_login_ref: str = "",
) -> MiniProgram:
    """Validate everything, seal the secret, save. `check_path` None: for a released mini-program only.

    `proxy_login` is `user:password` and sealed, too; `proxy_login_ref` is `env:NAME` or `file:/path` instead.
    Raises InvalidRequest (per field) and SecretUnavailable.
    """
    miniprogram = MiniProgram(
        appid=appid.strip().lower(),
        name=name,
        default_page=default_page,
        env_version=env_version,
        check_path=env_version == "release" if check_path is None else check_path,
        width=width,
        auto_color=auto_color,
        line_color=line_color.lower(),
        is_hyaline=is_hyaline,
        token_mode=token_mode,
        is_sandbox=is_sandbox,
    )
    try:
        miniprogram.full_clean(exclude=["secret_ref"])
    except ValidationError as error:
        raise _invalid(error.message_dict) from None
    if problems := page_problems(default_page):
        raise _invalid({"default_page": problems})
    assign_proxy(miniprogram, url=proxy_url, login=proxy_login, login_ref=proxy_login_ref)
    assign_secret(miniprogram, secret=secret, secret_ref=secret_ref)
    miniprogram.save()
    return miniprogram


def _invalid(errors: FieldErrors) -> InvalidRequest:
    detail = "; ".join(f"{field}: {' '.join(str(each) for each in found)}" for field, found in errors.items())
    return InvalidRequest(detail, errors=errors)
