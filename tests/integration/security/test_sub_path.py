"""Below SCRIPT_NAME everything leads below it: links, forms, static files, addresses in answers, cookies, doors."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from apps.clients.services import create_client
from tests.integration.gallery.staff import PASSWORD, make_staff
from tests.parts import ALL_SCOPES, make_miniprogram
from tests.waiting import answers, wait_until
from wxcode.stack import commands
from wxcode.stack.redis_server import free_port

NAME = "/wxcode"
LINK = re.compile(r'(?:href|src|action|hx-get|hx-post)="([^"#][^"]*)"')
MOST_PAGES = 60


@pytest.fixture
def miniprogram(transactional_db, sandbox):
    make_staff(password=PASSWORD)
    return make_miniprogram(sandbox)


@pytest.fixture
def base(miniprogram, spawn):
    port = free_port()
    words = commands.web(host="127.0.0.1", port=port, threads=4)[:-1]
    process = spawn(*words, "wxcode.wsgi:application", env={"SCRIPT_NAME": NAME})
    wait_until(lambda: process.poll() is not None or answers(port))
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def logged_in(session, base):
    """The answer; the browser showed the cookie of a session that has ended before."""
    session.cookies.set("sessionid", "0123456789abcdefghijklmnopqrstuv", path=f"{NAME}/")
    page = session.get(f"{base}{NAME}/login/", timeout=60)
    assert f'data-probe="{NAME}/healthz"' in page.text and "Your session has ended" in page.text
    assert {cookie.path for cookie in session.cookies} == {f"{NAME}/"}
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    form = {"csrfmiddlewaretoken": token, "username": "anna", "password": PASSWORD}
    return session.post(page.url, form, timeout=60)


def test_every_address_leads_below_the_path(base, session, miniprogram):
    _client, key = create_client(name="shop", scopes=ALL_SCOPES)
    api = {"X-API-Key": key}
    body = {"appid": miniprogram.appid, "scene": "a=1"}
    # a proxy that takes the path off, and one that does not
    code, again = (session.post(f"{base}{way}/api/v1/codes/", json=body, headers=api, timeout=60) for way in ("", NAME))
    assert (code.status_code, again.status_code) == (201, 200)
    places = [code.json()["image_url"], code.headers["Location"], *_places_of_batch(session, base, api, miniprogram)]
    for place in places:
        assert urlsplit(place).path.startswith(f"{NAME}/api/v1/"), place
        assert session.get(urljoin(base, place), headers=api, timeout=60).status_code == 200
    assert session.get(f"{base}{NAME}/api/nothing", timeout=60).json()["detail"].endswith(f"{NAME}/api/nothing.")
    document = session.get(f"{base}{NAME}/api/schema/", headers={"Accept": "application/json"}, timeout=60).json()
    assert f"{NAME}/api/v1/codes/" in {f"{_server(document)}{path}" for path in document["paths"]}

    credentials = {"grant_type": "client_credential", "appid": miniprogram.appid, "secret": key}
    assert "access_token" in session.get(f"{base}{NAME}/wechat/cgi-bin/token", params=credentials, timeout=60).json()
    said = session.get(f"{base}{NAME}/cgi-bin/token", timeout=60).json()["errmsg"]
    assert f"the base address is {base}{NAME}/wechat" in said

    home = logged_in(session, base)
    assert home.url == f"{base}{NAME}/" and home.status_code == 200
    assert {cookie.path for cookie in session.cookies} == {f"{NAME}/"}
    for wrong in walk(session, base):
        raise AssertionError(wrong)


def _server(document):
    return urlsplit(document.get("servers", [{"url": ""}])[0]["url"]).path.rstrip("/")


def _places_of_batch(session, base, api, miniprogram):
    body = {"appid": miniprogram.appid, "rows": [{"scene": "a=1"}]}
    batch = session.post(f"{base}{NAME}/api/v1/batches/", json=body, headers=api, timeout=60)
    assert batch.status_code == 201
    first = session.get(f"{base}{NAME}/api/v1/codes/?limit=1", headers=api, timeout=60).json()
    return [batch.headers["Location"], *filter(None, [first["next"]])]


def walk(session, base):
    """What is wrong with the links of the pages, from the gallery's home and the admin's on."""
    waiting, seen = [f"{NAME}/", f"{NAME}/admin/", f"{NAME}/account/", f"{NAME}/api/docs/"], set()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        page = session.get(base + path, timeout=60)
        if page.status_code not in (200, 405):
            yield path, page.status_code
        if "html" not in page.headers["Content-Type"]:
            continue
        for link in LINK.findall(page.text):
            place = urlsplit(urljoin(base + path, link))
            if f"{place.scheme}://{place.netloc}" != base or "logout" in place.path:
                continue
            if not place.path.startswith(f"{NAME}/"):
                yield path, link
            waiting.append(place.path)
