"""Calls by way of a proxy: a real one, of both kinds, with a login, and every way in which it can fail."""

import pytest

from apps.wechat.client import WeChatClient
from apps.wechat.connection import wechat_client
from apps.wechat.errors import WeChatTimeout, WeChatUnreachable
from apps.wechat.failures import ProxyFailed, ProxyRefused
from apps.wechat.proxies import Proxy, login_problems, proxy_problems, without_login
from apps.wechat.types import UnlimitedCode
from tests.integration.wechat.proxy_server import ProxyServer
from tests.integration.wechat.raw_server import RawServer, always
from tests.unit.wechat.samples import JPEG, TOKEN
from wxcode.stack.redis_server import free_port

LOGIN = "shop:p@ss/word:1"
KINDS = ("http", "socks5", "socks5h")
CODE = UnlimitedCode(scene="a")


@pytest.fixture(scope="module")
def proxy():
    with ProxyServer() as server:
        yield server


@pytest.fixture(scope="module")
def closed_proxy():
    with ProxyServer(login=LOGIN) as server:
        yield server


@pytest.fixture
def wechat():
    with RawServer(always(JPEG)) as server:
        yield server


def draw(url, proxy):
    return WeChatClient(url, proxy=proxy).unlimited_code(access_token=TOKEN, code=CODE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_goes_through_the_proxy(kind, proxy, wechat):
    before = len(proxy.passed())
    assert draw(wechat.url, Proxy(f"{kind}://{proxy.address}")).content == JPEG
    assert [name.removesuffix("h") for name in proxy.passed()[before:]] == [kind.removesuffix("h")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_with_awkward_characters_opens_the_proxy(kind, closed_proxy, wechat):
    assert draw(wechat.url, Proxy(f"{kind}://{closed_proxy.address}", LOGIN)).content == JPEG


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", ["", "shop:wrong-password"])
def test_a_wrong_login_is_said_and_never_shown(kind, login, closed_proxy, wechat):
    with pytest.raises(ProxyFailed) as caught:
        draw(wechat.url, Proxy(f"{kind}://{closed_proxy.address}", login))
    assert wechat.received == []
    assert "wrong-password" not in f"{caught.value!r} {caught.value.as_problem()} {caught.value.__context__!r}"


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_proxy_that_refuses_to_connect_to_https(status):
    with RawServer(always(b"", status=status)) as refusing, pytest.raises(ProxyFailed) as caught:
        draw("https://wechat.example", Proxy(f"http://127.0.0.1:{refusing.url.rpartition(':')[2]}", LOGIN))
    assert isinstance(caught.value, ProxyRefused) is status.startswith("407")
    assert b"CONNECT wechat.example:443" in refusing.received[0].line
    # the proxy alone hears the login, in its own header
    assert refusing.received[0].headers[b"proxy-authorization"].startswith(b"Basic ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_is_not_there_is_trouble_on_the_way(kind, wechat):
    with pytest.raises(ProxyFailed, match="proxy"):
        draw(wechat.url, Proxy(f"{kind}://127.0.0.1:{free_port()}"))
    assert wechat.received == []


@pytest.mark.parametrize("kind", ["socks5", "socks5h"])
def test_a_wechat_that_the_proxy_does_not_reach_is_trouble_on_the_way(kind, proxy):
    with pytest.raises(WeChatUnreachable):
        draw(f"http://127.0.0.1:{free_port()}", Proxy(f"{kind}://{proxy.address}"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_deadline_holds_through_a_proxy(kind, proxy):
    def answer_and_drip(connection):
        connection.read_request()
        connection.answer(JPEG)
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(JPEG))
        # each byte in time, all of them in minutes
        connection.drip(JPEG, every=0.05)

    with RawServer(answer_and_drip) as server:
        client = WeChatClient(server.url, proxy=Proxy(f"{kind}://{proxy.address}"), code_timeout=60)
        # the way through the proxy takes its own time, and is kept
        client.unlimited_code(access_token=TOKEN, code=CODE)
        client.code_timeout = 0.2
        with pytest.raises(WeChatTimeout):
            client.unlimited_code(access_token=TOKEN, code=CODE)
    assert server.connections == 1


@pytest.mark.parametrize("kind", KINDS)
def test_connections_through_a_proxy_are_kept(kind, proxy, wechat):
    client = WeChatClient(wechat.url, proxy=Proxy(f"{kind}://{proxy.address}"))
    for _ in range(3):
        client.unlimited_code(access_token=TOKEN, code=CODE)
    assert wechat.connections == 1


def test_another_proxy_is_another_client_and_the_sandbox_has_none(settings):
    settings.WECHAT_API_BASE, settings.SANDBOX_URL = "https://api.weixin.qq.com", "http://127.0.0.1:9100"
    one, other = Proxy("http://10.0.0.5:3128", LOGIN), Proxy("http://10.0.0.6:3128")
    clients = [wechat_client(is_sandbox=False, proxy=proxy) for proxy in (None, one, other, Proxy(one.url, LOGIN))]
    assert len({id(client) for client in clients}) == 3 and clients[1] is clients[3]
    assert wechat_client(is_sandbox=True, proxy=one).proxy is None
    assert LOGIN not in repr(clients) + repr(one)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.5:3128", "socks5://proxy.example.com:1080", "socks5h://[::1]:1080", "http://a:1/"]
)
def test_good_addresses(url):
    assert proxy_problems(url) == []


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("http://shop:geheim@10.0.0.5:3128", "field below"),
        ("10.0.0.5:3128", "Start with http://"),
        ("ftp://10.0.0.5:3128", "Start with http://"),
        ("http://10.0.0.5", "host and port"),
        ("http://:3128", "host and port"),
        ("http://10.0.0.5:99999", "host and port"),
        ("http://10.0.0.5:3128/path", "Remove everything after the port"),
        ("socks5://10.0.0.5:1080?a=b", "Remove everything after the port"),
    ],
)
def test_what_is_wrong_with_an_address_is_taught_without_its_login(url, cure):
    problems = " ".join(proxy_problems(url))
    assert cure in problems and "geheim" not in problems


def test_an_address_loses_its_login_and_nothing_else():
    assert without_login("http://shop:a@b@10.0.0.5:3128") == "http://10.0.0.5:3128"
    assert without_login("shop:geheim@10.0.0.5:3128") == "10.0.0.5:3128"


@pytest.mark.parametrize("login", ["shop", ":password", "shop:pass\nword", "shop:" + "x" * 300])
def test_a_login_has_a_user_a_colon_and_one_line(login):
    assert login_problems(login) and not login_problems(LOGIN)
