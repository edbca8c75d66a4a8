"""What browsers are told, and what is refused before any view sees it."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.conftest import BASE_DIR
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
PAGES = ["/", "/make/", "/account/", "/account/second-factor/", "/admin/", "/admin/auth/user/", "/nothing/"]


@pytest.fixture
def browser(client):
    client.force_login(make_staff())
    return client


def test_every_page_says_what_it_may_load_and_what_it_does_without(browser):
    for address in PAGES:
        answer = browser.get(address)
        policy = answer["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';") and "unsafe" not in policy, address
        for part in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
            assert part in policy, address
        assert answer["X-Frame-Options"] == "DENY", address
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert answer["Referrer-Policy"] == "same-origin", address
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert "camera=()" in answer["Permissions-Policy"], address


def test_data_carries_no_policy_for_pages_but_is_never_guessed_at(client):
    answer = client.get("/api/v1/codes/")
    assert "Content-Security-Policy" not in answer and answer["X-Content-Type-Options"] == "nosniff"


def test_a_browser_that_opens_an_answer_of_the_api_shows_it(client, browser):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    for reader in (Client(), browser):
        for address in ("/api/v1/codes/", "/api/v1/miniprograms/", "/api/nothing", "/api/health"):
            answer = reader.get(address, headers={"accept": accept})
            assert answer["Content-Type"] == "application/json", address
            assert answer["Content-Disposition"] == 'inline; filename="api.json"', address
            assert "Accept" in answer["Vary"] and answer["X-Content-Type-Options"] == "nosniff"
            assert answer.json() is not None, address


def test_a_program_gets_the_type_of_a_problem(client):
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        answer = client.get("/api/v1/codes/", headers={"accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json"), accept


def test_what_saves_an_answer_of_the_api_knows_a_name_for_it(browser):
    for address in ("/api/v1/codes/", "/api/v1/miniprograms/", "/api/nothing", "/api/health"):
        for host in ("testserver", "evil.example"):
            answer = browser.get(address, headers={"host": host})
            assert answer["Content-Type"].startswith("application/"), (address, host)
            assert answer["Content-Disposition"] == 'attachment; filename="api.json"', (address, host)


def test_a_refusal_before_all_others_is_a_file_too(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/api/v1/codes/", headers={"host": "evil.example"})
    assert answer.status_code == 400 and answer["Content-Disposition"] == 'attachment; filename="api.json"'


def test_pages_and_answers_in_the_shape_of_wechat_are_no_files(client):
    for address in ("/api/docs/", "/readyz", "/wechat/cgi-bin/token"):
        assert "Content-Disposition" not in client.get(address), address


def test_pages_with_secrets_are_kept_nowhere(browser):
    for address in ("/login/", "/account/", "/account/second-factor/"):
        assert "no-store" in browser.get(address)["Cache-Control"], address


def test_the_cookies_of_a_production_server():
    code = """
import django
django.setup()
from django.conf import settings as s
from django.test import Client
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)
answer = Client(headers={"host": "wxcode.example.com"}).get("/login/", secure=True)
for cookie in answer.cookies.values():
    print(cookie.OutputString())
print(answer["Strict-Transport-Security"])
print(Client(headers={"host": "wxcode.example.com"}).get("/login/").headers["Location"])
"""
    environment = os.environ | {"HTTPS_ONLY": "true", "ALLOWED_HOSTS": "wxcode.example.com"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=BASE_DIR, timeout=60
    )
    names, *cookies, hsts, there = done.stdout.splitlines()
    assert names == "__Host-sessionid __Host-csrftoken", done.stderr
    assert len(cookies) == 1
    for part in ("__Host-csrftoken=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookies[0]
    assert "Domain" not in cookies[0]
    assert hsts == "max-age=31536000; includeSubDomains; preload" and there == "https://wxcode.example.com/login/"
    # browsers refuse __Host- for a path
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment | {"SCRIPT_NAME": "/wxcode/"},
        cwd=BASE_DIR,
        timeout=60,
    )
    names, cookie, *_rest = done.stdout.splitlines()
    assert names == "__Secure-sessionid __Secure-csrftoken" and "Path=/wxcode/" in cookie, done.stderr


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client):
    make_staff(password=PASSWORD)
    client.post("/login/", {"username": "anna", "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"]
    assert client.cookies["wxcode_known"]["httponly"]


def test_a_foreign_host_is_refused(client):
    for host in ("evil.example", "localhost.evil.example", "testserver@evil.example"):
        assert client.get("/login/", headers={"host": host}).status_code == 400, host


def test_a_forwarded_host_is_not_believed(client):
    answer = client.get("/", headers={"x-forwarded-host": "evil.example"})
    assert "evil" not in answer["Location"]


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example/"],
)
@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_no_login_leads_elsewhere(client, address, door):
    make_staff(password=PASSWORD)
    answer = client.post(door, {"username": "anna", "password": PASSWORD, "next": address})
    assert answer["Location"] == "/"
    assert "evil" not in client.get("/login/", {"next": address}).headers.get("Location", "/")


def test_no_other_page_leads_elsewhere(browser):
    evil = {"next": "https://evil.example/"}
    assert "evil" not in browser.post("/i18n/setlang/", {"language": "en"} | evil)["Location"]
    assert "evil" not in browser.post("/account/again/", evil)["Location"]
    assert "evil" not in browser.post("/logout/", evil)["Location"]


def test_no_form_is_taken_without_its_token():
    browser, staff = Client(enforce_csrf_checks=True), make_staff()
    for address in ("/login/", "/login/code/", "/logout/", "/account/second-factor/remove/", "/make/"):
        browser.force_login(staff)
        assert browser.post(address).status_code == 403, address


def test_more_than_a_form_holds_is_refused_before_it_is_read(client):
    fields = {f"f{number}": "x" for number in range(django_settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert client.post("/login/", fields).status_code == 400
    big = "x" * (django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    assert client.post("/login/", {"username": big}).status_code == 400
