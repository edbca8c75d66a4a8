"""The one place where settings become a WeChat client."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.wechat.client import WeChatClient
from apps.wechat.errors import SandboxNotConfigured

# by everything that makes a client, so that changed settings (tests change them) get one of their own
_clients: dict[tuple[str, float, float, float], WeChatClient] = {}


def wechat_client(*, is_sandbox: bool) -> WeChatClient:
    """The client of this process for WeChat itself, or for the sandbox; safe in every thread.

    Raises SandboxNotConfigured when the sandbox is asked for and SANDBOX_URL is empty.
    """
    base_url: str = settings.SANDBOX_URL if is_sandbox else settings.WECHAT_API_BASE
    if not base_url:
        raise SandboxNotConfigured(
            _("This mini-program is marked as sandbox, but no sandbox is configured."),
            advice=_("Set SANDBOX_URL to the address of a running sandbox, or unmark the mini-program."),
        )
    key = (
        base_url,
        settings.WECHAT_CONNECT_TIMEOUT,
        settings.WECHAT_TOKEN_TIMEOUT,
        settings.WECHAT_CODE_TIMEOUT,
    )
    # setdefault is atomic: threads that race here end with the same client
    return _clients.get(key) or _clients.setdefault(key, _new_client(*key))


def _new_client(base_url: str, connect_timeout: float, token_timeout: float, code_timeout: float) -> WeChatClient:
    return WeChatClient(
        base_url,
        connect_timeout=connect_timeout,
        token_timeout=token_timeout,
        code_timeout=code_timeout,
    )
