"""Bodies in pieces without a length, as granian hands them on, count at every entrance as bodies with a length do."""

import json

import pytest
import requests

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from tests.parts import ALL_SCOPES, make_miniprogram
from tests.waiting import answers, wait_until
from wxcode.stack import commands
from wxcode.stack.redis_server import free_port


class Sender:
    """Sends everything in pieces."""

    def __init__(self, base, key):
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-API-Key"] = key

    def send(self, method, path, body, content_type="application/json"):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        pieces = (raw[place : place + 100_000] for place in range(0, len(raw), 100_000))
        headers = {"Content-Type": content_type}
        return self.session.request(method, self.base + path, data=pieces, headers=headers, timeout=60)


@pytest.fixture
def miniprogram(transactional_db, sandbox):
    miniprogram = make_miniprogram(sandbox)
    miniprogram.is_default = True
    miniprogram.save()
    return miniprogram


@pytest.fixture
def sender(miniprogram, spawn):
    _client, key = create_client(name="shop", scopes=ALL_SCOPES)
    port = free_port()
    process = spawn(*commands.web(host="127.0.0.1", port=port, threads=4)[:-1], "wxcode.wsgi:application")
    wait_until(lambda: process.poll() is not None or answers(port))
    sender = Sender(f"http://127.0.0.1:{port}", key)
    yield sender
    sender.session.close()


def test_a_body_in_pieces_is_read_everywhere_and_never_taken_for_an_empty_one(sender, miniprogram):
    appid = miniprogram.appid
    code = sender.send("POST", "/api/v1/codes/", {"appid": appid, "scene": "b=1"}).json()
    assert "id" in code, code
    place = f"/api/v1/codes/{code['id']}/"
    assert sender.send("PATCH", place, {"label": "new"}).json()["label"] == "new"
    assert sender.send("POST", f"{place}reissue", {"width": 600}).json()["width"] == 600
    rows = {"appid": appid, "rows": [{"scene": "b=4"}]}
    assert sender.send("POST", "/api/v1/batches/?dry_run=1", rows).json()["rows"] == 1
    assert sender.send("POST", "/api/qrcode", {"scene": "b=5"}).json()["success"]
    # its name and password are looked at
    page = sender.session.get(f"{sender.base}/login/").text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = f"csrfmiddlewaretoken={token}&username=nobody&password=wrong".encode()
    answer = sender.send("POST", "/login/", form, "application/x-www-form-urlencoded")
    assert answer.status_code == 200 and "nobody" in answer.text

    credentials = {"grant_type": "client_credential", "appid": appid, "secret": sender.session.headers["X-API-Key"]}
    token = sender.send("POST", "/wechat/cgi-bin/stable_token", credentials).json()["access_token"]
    bodies = {
        "wxa/getwxacodeunlimit": {"scene": "b=6"},
        "wxa/getwxacode": {"path": "pages/index/index?b=1"},
        "cgi-bin/wxaapp/createwxaqrcode": {"path": "pages/index/index?b=1"},
    }
    for path, body in bodies.items():
        for content_type in ("application/json", "application/json; charset=rot13"):
            answer = sender.send("POST", f"/wechat/{path}?access_token={token}", body, content_type)
            assert answer.headers["Content-Type"] == "image/jpeg", answer.text
    # an answer in its own shape, before any of it is worked on
    long = b'{"label": "' + b"x" * 2_700_000 + b'"}'
    refused = sender.send("PATCH", place, long)
    assert (refused.status_code, refused.json()["code"]) == (411, "length_required")
    assert sender.send("POST", f"/wechat/wxa/getwxacode?access_token={token}", long).json()["errcode"] == 47001
    page = sender.send("POST", "/login/", long, "application/x-www-form-urlencoded")
    assert page.status_code == 411 and "Content-Length" in page.text
    # a charset that is no text leaves the query alone
    answer = sender.session.get(f"{sender.base}/api/v1/codes/?search=b", headers={"Content-Type": "x/y; charset=zlib"})
    assert len(answer.json()["results"]) == IssuedCode.objects.count() == 5
