"""Operators who do not see every mini-program meet only those of their groups, on every page of the admin."""

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db.models import ForeignKey, ManyToManyField

from apps.batches.models import BatchRun, CodeBatch
from apps.clients.services import create_client
from apps.codes.models import FailedAttempt, IssuedCode, LifetimePool
from apps.miniprograms.granted_admin import EveryMiniProgramAdmin, GrantedRows
from apps.miniprograms.models import MiniProgram
from apps.tokens.models import Outcome, TokenEvent, Trigger
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.gallery.colleagues import enter
from tests.integration.gallery.staff import PAGE, issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
MARK = "elephant"
# of people, not of mini-programs; who may change them can grant everything anyway
OF_PEOPLE = {User, Group, AccessAttempt, AccessFailureLog, AccessLog}
GRANTED = {model: each for model, each in admin.site._registry.items() if isinstance(each, GrantedRows)}
OVER_ALL = {model: each for model, each in admin.site._registry.items() if isinstance(each, EveryMiniProgramAdmin)}


def name_of(model) -> str:
    return model._meta.label_lower


def base_of(model) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def every_right() -> tuple[str, ...]:
    found = Permission.objects.exclude(codename="see_every_miniprogram").exclude(content_type__app_label="auth")
    return tuple(f"{each.content_type.app_label}.{each.codename}" for each in found.select_related("content_type"))


@pytest.fixture
def miniprogram(sandbox):
    return make_miniprogram(sandbox, name="Lantern Tea House", default_page=PAGE)


@pytest.fixture
def foreign(sandbox, miniprogram, make_batch):
    """A mini-program with a row of everything that there is."""
    found = make_miniprogram(sandbox, name=f"{MARK} house")
    code = issue(found, f"{MARK}=1", label=f"{MARK} one")
    batch = make_batch({"scene": f"{MARK}=2"}, miniprogram=found, name=f"{MARK} batch")
    BatchRun.objects.create(miniprogram=found, process=MARK, lease_until=batch.created_at)
    facts = {"miniprogram": found, "scene": f"{MARK}=3", "code": MARK, "requested_by": MARK, "rid": "rid-1"}
    FailedAttempt.objects.create(**facts, detail=MARK, took_ms=1, kind=code.kind, door=code.door)
    LifetimePool.objects.update_or_create(miniprogram=found, defaults={"used": 90_000})
    TokenEvent.objects.create(
        miniprogram=found, outcome=Outcome.FAILED, trigger=Trigger.OPERATOR, requested_by=MARK, token_mode="stable"
    )
    create_client(name=MARK, scopes=["codes:read"])
    LogEntry.objects.log_actions(User.objects.create_user(MARK).pk, [found], CHANGE, "[]")
    return found


@pytest.fixture
def operator(miniprogram, foreign):
    """Every right but to see every mini-program and to change people."""
    return enter(miniprogram, rights=every_right())


def rows_of(model):
    path = admin.site._registry[model].miniprogram_path
    return model.objects.filter(**{"name" if path == "pk" else f"{path}__name": f"{MARK} house"})


def test_every_model_of_the_admin_is_granted_over_all_or_of_people():
    known = {*GRANTED, *OVER_ALL, *OF_PEOPLE}
    assert not {name_of(model) for model in admin.site._registry if model not in known}
    for model in known - {MiniProgram} - set(OVER_ALL) - OF_PEOPLE:
        related = {field.name for field in model._meta.get_fields() if isinstance(field, ForeignKey | ManyToManyField)}
        assert GRANTED[model].miniprogram_path.split("__")[0] in related


def test_lists_and_pages_know_what_is_granted_only(operator, foreign):
    for model, its_admin in GRANTED.items():
        base = base_of(model)
        answer = operator.get(base)
        assert answer.status_code == 200, base
        assert MARK not in answer.text and foreign.appid not in answer.text, base
        row = rows_of(model).first()
        for address in (f"{base}{row.pk}/change/", f"{base}{row.pk}/history/", f"{base}?q={row.pk}"):
            answer = operator.get(address, follow=True)
            assert MARK not in answer.text.replace("&#x27;elephant&#x27;", ""), address
        if hasattr(its_admin, "csv_columns"):
            text = b"".join(operator.get(f"{base}export.csv").streaming_content).decode()
            assert MARK not in text, base
        for tool in getattr(its_admin, "change_actions", ()):
            assert operator.post(f"{base}{row.pk}/actions/{tool}/", {"confirmed": "yes"}).status_code == 404, tool
        assert MiniProgram.objects.get(pk=foreign.pk).is_refresh_paused is False
        assert CodeBatch.objects.get().state == "running"


def test_whoever_sees_every_mini_program_sees_the_rows(foreign):
    every = enter(rights=(*every_right(), "miniprograms.see_every_miniprogram"), name="olga")
    assert not [base_of(model) for model in GRANTED if MARK not in every.get(base_of(model)).text]


def test_what_reaches_over_all_is_closed(operator):
    start = operator.get("/admin/").text
    for model, its_admin in OVER_ALL.items():
        base = base_of(model)
        assert operator.get(base).status_code == 403, base
        assert operator.get(f"{base}add/").status_code == 403, base
        assert base not in start
        for tool in getattr(its_admin, "change_actions", ()):
            row = model.objects.first()
            assert operator.post(f"{base}{row.pk}/actions/{tool}/", {"confirmed": "yes"}).status_code == 403, tool


def test_the_start_page_and_the_health_page_say_nothing_foreign(operator, foreign, miniprogram):
    for address in ("/admin/", "/admin/tokens/health/"):
        text = operator.get(address).text
        assert miniprogram.name in text
        assert MARK not in text and foreign.appid not in text


def test_a_page_that_is_granted_has_its_panels(operator, miniprogram):
    issue(miniprogram, "table=7")
    text = operator.get(f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/").text
    for words in ("Access token", "table=7", "Audit trail"):
        assert words in text
    assert "Full audit trail" not in text


def test_a_mini_program_is_added_by_those_who_see_every_one(operator):
    assert operator.get("/admin/miniprograms/miniprogram/add/").status_code == 403


def test_the_search_of_the_admin_finds_what_is_granted(operator, miniprogram, foreign):
    mine = issue(miniprogram, "house=1", label="one")
    text = operator.get("/admin/codes/issuedcode/?q=one").text
    assert f"/issuedcode/{mine.pk}/" in text and MARK not in text


def test_rights_of_the_gallery_open_no_list_of_the_admin(miniprogram):
    browser = enter(miniprogram, rights=("codes.change_issuedcode", "batches.change_codebatch"))
    for address in ("/admin/codes/issuedcode/", "/admin/batches/codebatch/"):
        assert browser.get(address).status_code == 403
    assert IssuedCode.objects.count() == 0
