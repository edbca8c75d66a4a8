"""Settings become one client per process and base URL."""

import threading

import pytest

from apps.wechat.client import WeChatClient
from apps.wechat.connection import wechat_client
from apps.wechat.errors import SandboxNotConfigured


def test_wechat_itself_is_the_default(settings):
    settings.WECHAT_API_BASE = "https://api.weixin.qq.com"
    assert wechat_client(is_sandbox=False).base_url == "https://api.weixin.qq.com"


def test_the_timeouts_come_from_the_settings(settings):
    settings.WECHAT_CONNECT_TIMEOUT, settings.WECHAT_TOKEN_TIMEOUT, settings.WECHAT_CODE_TIMEOUT = 1.5, 4.0, 9.0
    client = wechat_client(is_sandbox=False)
    assert (client.connect_timeout, client.token_timeout, client.code_timeout) == (1.5, 4.0, 9.0)


def test_the_same_address_is_the_same_client(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9100"
    assert wechat_client(is_sandbox=True) is wechat_client(is_sandbox=True)
    assert wechat_client(is_sandbox=True) is not wechat_client(is_sandbox=False)


def test_every_thread_gets_the_same_client(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9101"
    found: list[WeChatClient] = []
    threads = [threading.Thread(target=lambda: found.append(wechat_client(is_sandbox=True))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len({id(client) for client in found}) == 1


def test_a_changed_address_is_another_client(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9102"
    first = wechat_client(is_sandbox=True)
    settings.SANDBOX_URL = "http://127.0.0.1:9103"
    assert wechat_client(is_sandbox=True).base_url == "http://127.0.0.1:9103" != first.base_url


def test_a_sandbox_that_is_not_configured_says_what_to_set(settings):
    settings.SANDBOX_URL = ""
    with pytest.raises(SandboxNotConfigured) as caught:
        wechat_client(is_sandbox=True)
    assert caught.value.http_status == 503
    assert "SANDBOX_URL" in caught.value.as_problem()["advice"]
