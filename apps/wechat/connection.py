"""The one place where settings become a WeChat client."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.wechat.client import WeChatClient
from apps.wechat.errors import SandboxNotConfigured
from apps.wechat.proxies import Proxy

# by everything that makes a client, so that changed settings (tests change them) get one of their own
_clients: dict[tuple[str, Proxy | None, str, int, float, float, float], WeChatClient] = {}


@sensitive_variables("proxy", "key")
def wechat_client(*, is_sandbox: bool, proxy: Proxy | None = None) -> WeChatClient:
    """The client of this process for WeChat itself, or for the sandbox; safe in every thread.

    `proxy` leads to WeChat; the sandbox is next door and is reached without. Raises SandboxNotConfigured when the
    sandbox is asked for and SANDBOX_URL is empty.
    """
    base_url: str = settings.SANDBOX_URL if is_sandbox else settings.WECHAT_API_BASE
    if not base_url:
        raise SandboxNotConfigured(
            _("This mini-program uses the sandbox, but no sandbox is configured."),
            advice=_("Set SANDBOX_URL to the address of a running sandbox, or unmark the mini-program."),
        )
    key = (
        base_url,
        None if is_sandbox else proxy,
        settings.WECHAT_CA_BUNDLE,
        settings.WECHAT_CONNECTIONS,
        settings.WECHAT_CONNECT_TIMEOUT,
        settings.WECHAT_TOKEN_TIMEOUT,
        settings.WECHAT_CODE_TIMEOUT,
    )
    # setdefault is atomic: threads that race here end with the same client
    return _clients.get(key) or _clients.setdefault(key, _new_client(*key))


@sensitive_variables("proxy")
def _new_client(
    base_url: str,
    proxy: Proxy | None,
    ca_bundle: str,
    connections: int,
    connect_timeout: float,
    token_timeout: float,
    code_timeout: float,
) -> WeChatClient:
    return WeChatClient(
        base_url,
        connect_timeout=connect_timeout,
        token_timeout=token_timeout,
        code_timeout=code_timeout,
        proxy=proxy,
        ca_bundle=ca_bundle,
        connections=connections,
    )
