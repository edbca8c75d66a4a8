"""The proxy of a mini-program: its address in the row, its login behind a reference like the AppSecret's."""

from functools import lru_cache

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.errors import InvalidRequest
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.sealing import SEALED_PREFIX, open_secret, seal_secret
from apps.miniprograms.secrets import resolve_ref
from apps.wechat.proxies import Proxy, login_problems, proxy_problems


@sensitive_variables("login")
def find_proxy(miniprogram: MiniProgram) -> Proxy | None:
    """How its calls leave this server; None: straight. Raises SecretUnavailable."""
    if not miniprogram.proxy_url:
        return None
    login = _resolve(miniprogram.proxy_login_ref) if miniprogram.proxy_login_ref else ""
    return Proxy(miniprogram.proxy_url, login)


@sensitive_variables("login")
def assign_proxy(miniprogram: MiniProgram, *, url: str, login: str = "", login_ref: str = "") -> None:
    """Set the proxy of `miniprogram` (not saved here); the present login stays only with the very same address.

    Raises InvalidRequest (per field), SecretUnavailable.
    """
    problems = {"proxy_url": proxy_problems(url) if url else [], "proxy_login": login_problems(login) if login else []}
    if (login or login_ref) and not url:
        problems["proxy_url"] = [str(_("Enter the proxy address for this login."))]
    found = {field: texts for field, texts in problems.items() if texts}
    if found:
        raise InvalidRequest(" ".join(text for texts in found.values() for text in texts), errors=found)
    if login:
        login_ref = seal_secret(login)
    elif login_ref:
        if login_problems(resolve_ref(login_ref)):
            raise InvalidRequest(_("The referenced value is not in the form user:password."), errors={})
    elif url == miniprogram.proxy_url:
        # another address must not receive the login of this one
        login_ref = miniprogram.proxy_login_ref
    miniprogram.proxy_url, miniprogram.proxy_login_ref = url, login_ref


@sensitive_variables()
def _resolve(login_ref: str) -> str:
    return _open(login_ref) if login_ref.startswith(SEALED_PREFIX) else resolve_ref(login_ref)


@lru_cache(maxsize=256)
@sensitive_variables()
def _open(login_ref: str) -> str:
    """The reference is a hash of the login, so one that was opened stays true; fifty threads ask for every call."""
    return open_secret(login_ref)
