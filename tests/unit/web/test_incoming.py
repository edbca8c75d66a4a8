"""What the layer in front of Django makes of a request: a length for its body, and no charset for its query."""

import io

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest

from apps.api.parsers import CHARSET
from wxcode.incoming import Incoming
from wxcode.request_size import BODY_REFUSED

MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
# compress, escape, take minutes for a long text, or are none
FOREIGN = ["rot13", "base64", "zlib", "undefined", "punycode", "idna", "cp037", "utf-7", "hex", "no-such", "utf8mb4"]
# read as parameters of another encoding, or not at all
MALFORMED = [
    "application/json; charset*=rot13''utf-8",
    "application/json; charset*=utf-8''rot13",
    "application/json; x*=none''y",
    "application/json; charset",
    "application/json;;; charset = rot13 ; charset=zlib",
]


def arrive(**given):
    """The request that Django makes of it."""
    found = {}
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "access_token=%E6%B4%BB",
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        **given,
    }
    Incoming(lambda environ, _start: found.update(environ) or [])(environ, lambda *_: None)
    return WSGIRequest(found)


@pytest.mark.parametrize(
    "given",
    [
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "1"},
        {"SERVER_PROTOCOL": "HTTP/2"},
        {"REQUEST_METHOD": "PATCH", "CONTENT_LENGTH": ""},
    ],
)
def test_a_body_without_a_length_is_read(given):
    assert arrive(**given, **{"wsgi.input": io.BytesIO(b'{"label": "new"}')}).body == b'{"label": "new"}'


def test_a_body_with_a_length_is_left_to_django():
    class Untouched:
        def read(self, *_size):
            raise AssertionError("the body was read")

        readline = read

    arrive(CONTENT_LENGTH="5", **{"wsgi.input": Untouched()})
    arrive(REQUEST_METHOD="GET", **{"wsgi.input": Untouched()})
    # a server that does not end its input would wait here
    arrive(**{"wsgi.input": Untouched(), "wsgi.input_terminated": False})


def test_a_body_as_long_as_a_form_may_be_is_read_and_no_longer_one():
    at_most = arrive(**{"wsgi.input": io.BytesIO(b"x" * MOST)})
    assert len(at_most.body) == MOST and BODY_REFUSED not in at_most.META
    endless = io.BytesIO(b"x" * 3 * MOST)
    assert arrive(**{"wsgi.input": endless}).META[BODY_REFUSED]
    assert endless.tell() < 1.1 * MOST


@pytest.mark.parametrize("content_type", [f"application/json; charset={name}" for name in FOREIGN] + MALFORMED)
def test_a_charset_changes_nothing_of_the_query(content_type):
    assert arrive(CONTENT_TYPE=content_type).GET["access_token"] == "活"


def test_the_charset_is_kept_for_the_json_parser():
    assert arrive(CONTENT_TYPE='application/json; charset="GB18030"').META[CHARSET] == "GB18030"


def test_a_form_with_a_charset_keeps_its_boundary():
    body = b'--a"; b\r\nContent-Disposition: form-data; name="width"\r\n\r\n430\r\n--a"; b--\r\n'
    request = arrive(
        CONTENT_TYPE='multipart/form-data; charset=utf-16; boundary="a\\"; b"', **{"wsgi.input": io.BytesIO(body)}
    )
    assert dict(request.POST.items()) == {"width": "430"}
