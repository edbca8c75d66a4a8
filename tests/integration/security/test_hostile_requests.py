"""Every address of gallery and admin answers hostile parameters, fields and cookies without a fault of the service."""

import re
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.signals import got_request_exception
from django.db import transaction
from django.urls import URLResolver, get_resolver

from apps.clients.services import create_client
from apps.codes.models import FailedAttempt
from apps.selections.choosing import choose_found
from apps.selections.jobs import start_job
from apps.selections.models import Action
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import miniprogram as miniprogram
from tests.integration.gallery.staff import issue, make_staff
from tests.reading import ReadingClient

# as they stand in an address: halves of a surrogate pair have no UTF-8
VALUES = [
    "%00",
    "%ED%A0%80",
    "%C2%B2",
    "9" * 400,
    "x" * 3_000,
    "%E2%91%A0",
    "-" + "9" * 19,
    "1e400",
    "%5B%5D",
    "%7B%22a%22%3A%5B1%5D%7D",
    "0001-01-01T00:00:00-23:59",
    "%F0%9F%98%80" * 90,
    "%27%22%3E%25%5C",
]
FORM = "application/x-www-form-urlencoded"
# programs call these, and their tests are the contract's and the doors'
OF_PROGRAMS = re.compile(r"/(api|wechat|healthz|readyz|metrics|/)")
TOOLS = sorted(
    {
        tool
        for each in admin.site._registry.values()
        for tool in (*getattr(each, "change_actions", ()), *getattr(each, "changelist_actions", ()))
    }
)
BROKEN_COOKIES = {"sessionid": "aaaaaaaa\0", "wxcode_timezone": "\0", "django_language": "²"}
# fields of so many pages are those of their head
HEAD = 10
LOGGED_OUT = ("/login/", "/admin/login/", "/login/code/")


class Fields(HTMLParser):
    """A page's fields with their values, the parameters in its links to itself, and what its fields ask meanwhile."""

    def __init__(self, path, text=""):
        super().__init__()
        self.path, self.found, self.asked, self._select = path, {}, set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and ("selected" in given or not self.found.get(self._select)):
            self.found[self._select] = given.get("value", "")
        if tag in ("input", "select", "textarea", "button") and name:
            is_chosen = given.get("type") not in ("radio", "checkbox") or "checked" in given
            self.found[name] = given.get("value", "") if is_chosen else self.found.get(name, "")
        if asked := given.get("hx-get") or given.get("hx-post"):
            self.asked.add(urlsplit(asked).path)
        place = urlsplit(given.get("href", ""))
        if place.path in ("", self.path):
            self.found = dict(parse_qsl(place.query, keep_blank_values=True)) | self.found


def patterns(resolver=None, prefix="/"):
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        yield from patterns(entry, path) if isinstance(entry, URLResolver) else [path]


def addresses(rows):
    """Every address, with an id of `rows` (path of a list -> id) where it names one, and each button of the admin."""
    for path in patterns():
        pk = next((rows[base] for base in sorted(rows, key=len, reverse=True) if path.startswith(base)), 1)
        path = path.replace("^", "").replace("$", "").replace("(?P<pk>.+)", str(pk))
        path = re.sub(r"<(?:\w+:)?\w+>(?!\\)", str(pk), path)
        if OF_PROGRAMS.match(path):
            continue
        tools = TOOLS if r"(?P1\w+)" in path else [""]
        yield from (path.replace(r"(?P1\w+)", tool) for tool in tools)


class Knocker:
    """Sends what nobody sends by accident, and takes back what it did."""

    def __init__(self, user):
        browser = ReadingClient()
        browser.force_login(user)
        self.session = browser.cookies["sessionid"].value
        self.sent, self.offenders, self.raised = 0, [], []
        got_request_exception.connect(self._note)

    def _note(self, **_facts):
        self.raised.append(repr(sys.exception())[:200])

    def knock(self, method, path, query="", **cookies):
        """The answer, whose exceptions and 5xx are noted."""
        browser = ReadingClient(raise_request_exception=False)
        if path not in LOGGED_OUT:
            browser.cookies["sessionid"] = self.session
        for name, value in cookies.items():
            browser.cookies[name] = value
        self.raised.clear()
        self.sent += 1
        with transaction.atomic():
            if method == "GET":
                answer = browser.generic("GET", path, QUERY_STRING=query)
            else:
                answer = browser.generic("POST", path, query.encode(), content_type=FORM)
            if answer.streaming:
                list(answer.streaming_content)
            transaction.set_rollback(True)
        if answer.status_code >= 500 or self.raised:
            self.offenders.append((method, path, query[:100], answer.status_code, *self.raised))
        return answer


@pytest.fixture
def world(db, miniprogram, make_batch):
    """A row of everything that an address of ours names, and of what the lists of the admin show most."""
    staff = make_staff()
    code = issue(miniprogram, "table=7", label="Table 7", tags=("hall",))
    batch = make_batch({"scene": "a=1"})
    FailedAttempt.objects.create(miniprogram=miniprogram, scene="a=2", code="x", detail="x", took_ms=1)
    client, _key = create_client(name="till", scopes=["codes:read"])
    LogEntry.objects.log_actions(staff.pk, [miniprogram], CHANGE, "[]")
    selection = choose_found(staff.pk, [code.pk], search="")
    job = start_job(selection, Action.TAG, {"tags": ["terrace"]})
    own = {"/codes/": code.pk, "/batches/": batch.pk, "/selections/": selection.pk, "/selections/jobs/": job.pk}
    lists = {
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/": getattr(model.objects.first(), "pk", 1)
        for model in admin.site._registry
    }
    return staff, own | lists


def is_of_admin(path):
    return path.startswith("/admin/")


def columns_of(path):
    """A list of the admin takes any column of its model as a filter."""
    return [
        field.name
        for model in admin.site._registry
        if path == f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for field in model._meta.concrete_fields
    ]


@pytest.mark.both_databases
def test_nothing_hostile_is_a_fault_of_the_service(world):
    knocker, values, fields_of = Knocker(world[0]), cycle(VALUES), {}
    for path in dict.fromkeys(addresses(world[1])):
        answer = knocker.knock("GET", path)
        is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
        page = Fields(path, answer.text if is_page else "")
        for asked in (path, *page.asked):
            fields_of[asked] = fields_of.get(asked, {}) | page.found
    spread = Counter(name for fields in fields_of.values() for name in fields)
    for path, fields in fields_of.items():
        if columns := columns_of(path):
            for name in dict.fromkeys([*fields, *columns]):
                knocker.knock("GET", path, f"{name}={next(values)}")
        elif not is_of_admin(path):
            # the head of every page has the same fields
            for name in [name for name in fields if spread[name] < HEAD or path in ("/", "/login/")]:
                others = urlencode({other: value for other, value in fields.items() if other != name})
                for value in ("%00", next(values)):
                    knocker.knock("GET", path, f"{others}&{name}={value}")
        for value in ("%00", next(values)):
            query = "&".join(f"{name}={value}" for name in fields)
            if knocker.knock("POST", path, query).status_code == 405:
                break
    for path in ("/", "/admin/", "/login/", "/api/v1/codes/"):
        knocker.knock("GET", path, **BROKEN_COOKIES)
    assert knocker.offenders == []
