"""The proxy of a mini-program: entered in the form, its login sealed, and used for every call to WeChat."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from apps.miniprograms.models import MiniProgram, SealedSecret
from apps.miniprograms.proxies import assign_proxy, find_proxy
from apps.miniprograms.rotation import rotate_seal_keys
from apps.miniprograms.secrets import SecretUnavailable, resolve_secret
from tests.integration.wechat.proxy_server import ProxyServer
from tests.parts import make_api, make_miniprogram, new_appid

pytestmark = pytest.mark.django_db
URL, LOGIN = "http://10.0.0.5:3128", "shop:geheimes-Passwort"
ADD = "/admin/miniprograms/miniprogram/add/"


@pytest.fixture
def fields():
    return {
        "appid": new_appid(),
        "name": "Shop",
        "app_secret": "0123456789abcdef0123456789abcdef",
        "token_mode": "stable",
        "env_version": "release",
        "is_active": "on",
    }


def change(admin_client, miniprogram, fields, **changes):
    page = f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/"
    return admin_client.post(page, fields | {"app_secret": "", **changes})


def add(admin_client, fields, **changes):
    assert admin_client.post(ADD, fields | {"proxy_url": URL, "proxy_login": LOGIN, **changes}).status_code == 302
    return MiniProgram.objects.get(appid=fields["appid"])


def test_the_form_seals_the_login_and_never_shows_it(admin_client, fields):
    miniprogram = add(admin_client, fields)
    assert (miniprogram.proxy_url, miniprogram.proxy_login_ref[:7]) == (URL, "sealed:")
    assert find_proxy(miniprogram).full_url == "http://shop:geheimes-Passwort@10.0.0.5:3128"
    page = admin_client.get(f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/").content.decode()
    assert URL in page and "geheimes" not in page and miniprogram.proxy_login_ref not in page


def test_an_address_with_a_login_is_refused_and_comes_back_without(admin_client, fields):
    given = fields | {"proxy_url": "http://shop:geheim@10.0.0.5:3128"}
    page = admin_client.post(ADD, given).content.decode()
    assert "Remove user name and password" in page
    assert 'value="http://10.0.0.5:3128"' in page and "geheim" not in page
    assert not MiniProgram.objects.exists() and not SealedSecret.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"proxy_url": "10.0.0.5:3128"}, "Start with http://"),
        ({"proxy_url": URL, "proxy_login": "geheim"}, "user:password on one line"),
        ({"proxy_login": LOGIN}, "Enter the proxy address"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(admin_client, fields, changes, words):
    page = admin_client.post(ADD, fields | changes).content.decode()
    assert words in page and "geheim" not in page
    assert not MiniProgram.objects.exists()


def test_the_login_stays_with_its_address_alone(admin_client, fields):
    miniprogram = add(admin_client, fields)
    kept = miniprogram.proxy_login_ref
    change(admin_client, miniprogram, fields, proxy_url=URL, notes="seen")
    miniprogram.refresh_from_db()
    assert (miniprogram.notes, miniprogram.proxy_login_ref) == ("seen", kept)
    change(admin_client, miniprogram, fields, proxy_url="http://evil.example:3128")
    miniprogram.refresh_from_db()
    assert (miniprogram.proxy_url, miniprogram.proxy_login_ref) == ("http://evil.example:3128", "")


def test_an_emptied_address_means_straight(admin_client, fields):
    miniprogram = add(admin_client, fields)
    change(admin_client, miniprogram, fields, proxy_url="")
    miniprogram.refresh_from_db()
    assert find_proxy(miniprogram) is None and miniprogram.proxy_login_ref == ""


def test_the_trail_names_the_field_and_not_what_was_in_it(admin_client, fields):
    miniprogram = add(admin_client, fields)
    change(admin_client, miniprogram, fields, proxy_url=URL, proxy_login="shop:anderes-Passwort")
    from django.contrib.admin.models import LogEntry

    entries = " ".join(entry.change_message for entry in LogEntry.objects.all())
    assert "Proxy login" in entries and "Passwort" not in entries and "sealed:" not in entries


def test_rotation_brings_the_login_along(settings):
    from cryptography.fernet import Fernet

    miniprogram = make_miniprogram(proxy_url=URL, proxy_login=LOGIN)
    secret = resolve_secret(miniprogram)
    old = settings.WXCODE_SEAL_KEYS
    settings.WXCODE_SEAL_KEYS = [Fernet.generate_key().decode(), *old]
    assert rotate_seal_keys().resealed == 2
    settings.WXCODE_SEAL_KEYS = settings.WXCODE_SEAL_KEYS[:1]
    rotated = MiniProgram.objects.get()
    assert rotated.proxy_login_ref != miniprogram.proxy_login_ref
    assert (find_proxy(rotated).login, resolve_secret(rotated)) == (LOGIN, secret)


def test_a_login_may_be_in_the_environment_or_in_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_PROXY", LOGIN)
    place = tmp_path / "login"
    place.write_text(LOGIN + "\n")
    for ref in ("env:SHOP_PROXY", f"file:{place}"):
        miniprogram = make_miniprogram(proxy_url=URL, proxy_login_ref=ref)
        assert find_proxy(miniprogram).login == LOGIN
    monkeypatch.delenv("SHOP_PROXY")
    with pytest.raises(SecretUnavailable):
        find_proxy(MiniProgram.objects.get(proxy_login_ref="env:SHOP_PROXY"))


def test_the_command_takes_a_proxy(monkeypatch):
    def run(url):
        monkeypatch.setattr(sys, "stdin", io.StringIO("0123456789abcdef\n"))
        call_command("add_miniprogram", new_appid(), name="Shop", secret_stdin=True, proxy=url, stdout=io.StringIO())

    run(URL)
    assert MiniProgram.objects.get().proxy_url == URL
    with pytest.raises(CommandError, match="Remove user name and password") as refused:
        run("http://shop:geheim@10.0.0.5:3128")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("kind", ["http", "socks5", "socks5h"])
def test_token_and_code_go_through_the_proxy(sandbox, settings, kind, transactional_db):
    settings.WECHAT_API_BASE, settings.SANDBOX_URL = sandbox.url, ""
    with ProxyServer(login=LOGIN) as proxy:
        url = f"{kind}://{proxy.address}"
        miniprogram = make_miniprogram(sandbox, is_sandbox=False, proxy_url=url, proxy_login=LOGIN)
        body = {"appid": miniprogram.appid, "scene": "table=7"}
        assert make_api().post("/api/v1/codes/", body, format="json").status_code == 201
        assert len(proxy.passed()) >= 1
    # the proxy is gone: nothing goes past it
    refused = make_api(name="again").post("/api/v1/codes/", body | {"scene": "table=8"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (502, "wechat_unreachable")
    assert "geheimes" not in refused.content.decode()


def test_assigning_checks_what_a_script_gives(db):
    miniprogram = make_miniprogram()
    with pytest.raises(Exception, match="Start with"):
        assign_proxy(miniprogram, url="10.0.0.5")
    assert miniprogram.proxy_url == ""
