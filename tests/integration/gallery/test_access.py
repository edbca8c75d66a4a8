"""Who may see the gallery, and what everybody else sees."""

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission, User

from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
ADDRESSES = [
    *("/", "/codes/1/", "/codes/1/picture", "/make/", "/make/scene/"),
    *("/codes/1/print/", "/codes/1/sheets.pdf"),
    *("/batches/", "/batches/new/", "/batches/new/pattern/", "/batches/ended/", "/batches/1/", "/batches/1/live/"),
    *("/batches/1/row/", "/batches/1/pause/", "/batches/1/file.zip", "/batches/1/file.pdf"),
]
BESIDE_TYPING = {"/make/", "/make/scene/", "/batches/new/", "/batches/new/pattern/", "/batches/ended/"}
HTMX = {"HX-Request": "true"}


def test_a_stranger_is_sent_to_the_login(client):
    answers = [(address, client.get(address)) for address in ADDRESSES]
    assert not [
        (address, answer.status_code, answer.get("Location"))
        for address, answer in answers
        if (answer.status_code, answer.get("Location")) != (302, f"/login/?next={address}")
    ]


def test_a_fragment_without_a_session_leads_to_the_login_and_back_to_its_page(client):
    headers = HTMX | {"HX-Current-URL": "http://testserver/batches/1/?q=7"}
    answers = {address: client.get(address, headers=headers) for address in {*ADDRESSES} - BESIDE_TYPING - {"/"}}
    there = (b"", "/login/?next=/batches/1/%3Fq%3D7")
    assert not [address for address, answer in answers.items() if (answer.content, answer.get("HX-Redirect")) != there]
    assert client.get("/batches/1/", headers=HTMX)["HX-Redirect"] == "/login/?next=/"


def test_a_search_without_a_session_keeps_its_words(client):
    headers = HTMX | {"HX-Target": "results", "HX-Current-URL": "http://testserver/"}
    answer = client.get("/", {"q": "窗边 7", "kind": "", "tag": "vip"}, headers=headers)
    back = "/?" + urlencode({"q": "窗边 7", "tag": "vip"})
    assert answer["HX-Redirect"] == "/login/?" + urlencode({"next": back}, safe="/")


def test_a_fragment_without_a_session_leaves_a_form_that_is_typed_in_alone(client):
    for address in BESIDE_TYPING:
        answer = client.get(address, headers=HTMX)
        assert (answer.status_code, answer.content, "HX-Redirect" in answer) == (204, b"", False), address


def test_an_account_that_is_not_staff_sees_why(client):
    client.force_login(make_staff("bob", is_staff=False, is_superuser=False))
    for address in ADDRESSES:
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert "The gallery is for staff" in answer.text, address
        assert "bob" in answer.text, address


def test_a_post_by_a_stranger_makes_nothing(client):
    assert client.post("/make/", {"scene": "a=1"}).status_code == 302


def test_logging_in_leads_to_the_page_asked_for(client):
    make_staff(password=PASSWORD)
    answer = client.post("/login/?next=/make/", {"username": "anna", "password": PASSWORD, "next": "/make/"})
    assert (answer.status_code, answer["Location"]) == (302, "/make/")


def test_a_wrong_password_is_said_and_the_name_kept(client):
    make_staff()
    answer = client.post("/login/", {"username": "anna", "password": "wrong"})
    assert "Wrong username or password." in answer.text
    assert 'value="anna"' in answer.text


def test_logging_out_leads_to_the_login(staff):
    assert staff.post("/logout/")["Location"] == "/login/"
    assert staff.get("/").status_code == 302


def test_the_admin_is_offered_to_those_with_rights_only(client):
    user = User.objects.create_user("carol", is_staff=True)
    client.force_login(user)
    assert "/admin/" not in client.get("/").text
    user.user_permissions.add(Permission.objects.get(codename="view_miniprogram"))
    assert 'href="/admin/"' in client.get("/").text


def test_every_page_forbids_what_is_inline_or_from_elsewhere(staff):
    for address in ("/", "/make/", "/codes/1/", "/batches/", "/batches/new/", "/batches/1/"):
        policy = staff.get(address)["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "unsafe" not in policy


def test_pages_are_not_kept_by_shared_caches_and_vary_by_htmx(staff):
    answer = staff.get("/")
    assert answer["Cache-Control"] == "private, no-cache"
    assert "HX-Request" in answer["Vary"]


def test_the_language_can_be_switched(staff):
    assert '<html lang="en">' in staff.get("/").text
    staff.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"})
    assert '<html lang="zh-hans">' in staff.get("/").text
