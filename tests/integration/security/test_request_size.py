"""A body that is too large is refused by its announced length: nothing of it is read, let alone put on the disk."""

import pytest
from django.test import Client

from apps.batches.bodies import BODY_MAX_BYTES
from tests.integration.gallery.staff import make_staff
from wxcode.request_size import MOST_BYTES

pytestmark = pytest.mark.django_db
FORM = "multipart/form-data; boundary=B"


class Untouched:
    """A body that nobody may read."""

    def read(self, *size):
        raise AssertionError("the body was read")

    readline = read


def send(browser, path, size, content_type=FORM):
    extra = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(size), "wsgi.input": Untouched()}
    return browser.generic("POST", path, **extra)


@pytest.fixture
def stranger():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def staff_browser():
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_staff())
    # with it the check looks for its twin in the form
    browser.cookies["csrftoken"] = "a" * 32
    return browser


@pytest.mark.parametrize("path", ["/login/", "/login/code/", "/batches/new/", "/i18n/setlang/", "/nothing/", "/admin/"])
def test_a_stranger_may_send_no_more_than_a_form_holds(stranger, settings, path):
    assert send(stranger, path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1).status_code == 400


@pytest.mark.parametrize("path", ["/batches/new/", "/admin/", "/account/"])
def test_staff_may_send_a_table_and_no_more(staff_browser, path):
    assert send(staff_browser, path, MOST_BYTES + 1).status_code == 400
    with pytest.raises(AssertionError, match="the body was read"):
        send(staff_browser, path, MOST_BYTES)


def test_a_table_fits_with_the_form_around_it():
    assert MOST_BYTES - BODY_MAX_BYTES >= 1_000_000


@pytest.mark.parametrize("path", ["/api/v1/batches/", "/api/v1/codes/", "/api/nothing/"])
@pytest.mark.parametrize("content_type", [FORM, "application/json"])
def test_the_api_says_so_as_a_problem(client, path, content_type):
    answer = send(client, path, MOST_BYTES + 1, content_type)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_without_a_key_the_api_reads_nothing_of_a_table_either(client):
    assert send(client, "/api/v1/batches/", MOST_BYTES).status_code == 401


@pytest.mark.parametrize("size", ["-1", "many", ""])
def test_a_length_that_is_none_is_read_as_nothing(client, size):
    assert client.generic("POST", "/login/", CONTENT_TYPE=FORM, CONTENT_LENGTH=size).status_code in (200, 400)
