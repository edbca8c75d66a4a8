"""The operator's form: an AppSecret goes in once, and no page, log or history shows it again."""

import logging
import re
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.batches.models import CodeBatch
from apps.miniprograms.models import MiniProgram, SealedSecret
from apps.miniprograms.secrets import resolve_secret
from apps.tokens import store
from tests.parts import make_miniprogram, new_appid

ADD = "/admin/miniprograms/miniprogram/add/"
LIST = "/admin/miniprograms/miniprogram/"
APPID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"


def form(**fields):
    facts = {"appid": APPID, "name": "Shop", "token_mode": "stable", "env_version": "release", "check_path": "on"}
    return facts | {"is_active": "on", "app_secret": SECRET} | fields


def change_page(miniprogram):
    return reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk])


def kept_for_people():
    """All that the database remembers for people: history and sessions."""
    history = [(entry.change_message, entry.object_repr) for entry in LogEntry.objects.all()]
    return repr((history, [session.get_decoded() for session in Session.objects.all()]))


def test_a_pasted_secret_is_sealed_and_never_shown(operator, caplog):
    caplog.set_level(logging.DEBUG)
    answer = operator.post(ADD, form(), follow=True)
    miniprogram = MiniProgram.objects.get(appid=APPID)
    assert resolve_secret(miniprogram) == SECRET
    history = reverse("admin:miniprograms_miniprogram_history", args=[miniprogram.pk])
    pages = [answer.text, *(operator.get(page).text for page in (LIST, change_page(miniprogram), history))]
    for text in (*pages, kept_for_people(), caplog.text):
        assert SECRET not in text
    assert miniprogram.secret_ref not in pages[2], "the address of a sealed secret is nobody's business"
    assert miniprogram.secret_fingerprint in pages[2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"appid": "nonsense"},
        {"name": ""},
        {"default_page": "/pages/index"},
        {"secret_source": "env:SHOP_SECRET"},
        {"app_secret": "", "secret_source": SECRET},
        {"app_secret": "", "secret_source": f"env:a{SECRET[1:]}"},
    ],
)
def test_a_refused_form_repeats_no_secret_and_seals_nothing(operator, wrong):
    answer = operator.post(ADD, form(**wrong))
    assert "errornote" in answer.text
    assert SECRET not in answer.text and SECRET[1:] not in answer.text
    assert not SealedSecret.objects.exists() and not MiniProgram.objects.exists()


def test_a_new_secret_is_in_the_history_by_name_only(operator):
    miniprogram = make_miniprogram(secret="the old one")
    operator.post(change_page(miniprogram), form())
    miniprogram.refresh_from_db()
    assert resolve_secret(miniprogram) == SECRET
    assert "AppSecret" in LogEntry.objects.get().change_message
    assert SECRET not in kept_for_people()


def test_an_empty_field_keeps_the_secret(operator):
    miniprogram = make_miniprogram(secret="the old one")
    operator.post(change_page(miniprogram), form(app_secret="", name="Renamed"))
    miniprogram.refresh_from_db()
    assert (miniprogram.name, resolve_secret(miniprogram)) == ("Renamed", "the old one")


def test_a_new_mini_program_needs_a_secret(operator):
    answer = operator.post(ADD, form(app_secret=""))
    assert "Enter the AppSecret, or its location." in answer.text


def test_a_reference_is_taken_and_shown(operator, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    operator.post(ADD, form(app_secret="", secret_source="env:SHOP_SECRET"))
    miniprogram = MiniProgram.objects.get(appid=APPID)
    assert miniprogram.secret_ref == "env:SHOP_SECRET"
    text = operator.get(change_page(miniprogram)).text
    assert "env:SHOP_SECRET" in text and SECRET not in text


def test_a_reference_that_does_not_resolve_is_refused_with_advice(operator):
    answer = operator.post(ADD, form(app_secret="", secret_source="env:WXCODE_TEST_NOBODY_SETS_THIS"))
    assert "is not set" in answer.text and "restart them" in answer.text


def test_without_seal_keys_the_form_says_so(operator, settings):
    settings.WXCODE_SEAL_KEYS = []
    answer = operator.post(ADD, form())
    assert "WXCODE_SEAL_KEYS is empty" in answer.text
    assert SECRET not in answer.text


def test_a_file_that_changed_underneath_shows_until_it_is_confirmed(operator, tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET)
    miniprogram = make_miniprogram(secret="", secret_ref=f"file:{path}")
    assert "Readable and unchanged." in operator.get(change_page(miniprogram)).text
    path.write_text("another secret")
    text = operator.get(change_page(miniprogram)).text
    assert "changed at its source" in text and "another secret" not in text
    operator.post(change_page(miniprogram), form(app_secret="", secret_source=f"file:{path}"))
    assert "Readable and unchanged." in operator.get(change_page(miniprogram)).text


def test_a_secret_that_cannot_be_read_shows_what_to_do(operator, settings, new_key):
    miniprogram = make_miniprogram(secret=SECRET)
    settings.WXCODE_SEAL_KEYS = [new_key]
    answer = operator.get(change_page(miniprogram))
    assert answer.status_code == 200
    assert "None of the keys in WXCODE_SEAL_KEYS can decrypt this secret" in answer.text


def test_an_appid_in_capitals_is_lowered(operator):
    operator.post(ADD, form(appid=f" {APPID.upper()} "))
    assert MiniProgram.objects.get().appid == APPID
    assert make_miniprogram(appid="WX00112233445566AA").appid == "wx00112233445566aa"


def test_a_mistyped_appid_is_corrected_while_nothing_belongs_to_it(operator, redis_client):
    miniprogram = make_miniprogram()
    mistyped, right = miniprogram.appid, new_appid()
    store.write_record(
        mistyped,
        value="a token",
        expires_at=time.time() + 7200,
        source="stable",
        now=time.time(),
        seen_version=0,
        is_old_rejected=False,
    )
    operator.post(change_page(miniprogram), form(appid=right))
    assert MiniProgram.objects.get().appid == right
    assert store.find_record(mistyped) is None


def test_an_appid_with_batches_stays_and_the_page_says_why(operator):
    miniprogram = make_miniprogram()
    CodeBatch.objects.create(miniprogram=miniprogram, name="Tables", issued_by="staff:ben")
    page = operator.get(change_page(miniprogram)).text
    assert 'name="appid"' not in page and "It can’t be changed, because these belong to it: Batches: 1." in page
    operator.post(change_page(miniprogram), form(appid=new_appid()))
    assert MiniProgram.objects.get().appid == miniprogram.appid


def test_the_form_is_short_until_it_is_opened(operator):
    named = operator.get(ADD).context["adminform"].fieldsets
    (_none, first), *rest = named
    assert list(first["fields"]) == ["appid", "name", "app_secret", "verify_on_save"]
    assert all(title and "collapse" in options["classes"] for title, options in rest)


def test_a_mistake_below_a_heading_opens_it_and_has_the_focus(operator):
    page = operator.post(ADD, form(default_page="/pages/index")).text
    part = page[page.index("Defaults for codes") - 600 :]
    assert "<details><summary>" not in part[: part.index("Defaults for codes")][-200:]
    assert re.search(r'name="default_page"[^>]*autofocus', page)


def test_the_list_finds_by_name_and_appid_in_a_fixed_number_of_queries(operator):
    one = make_miniprogram(name="Bakery")
    with CaptureQueriesContext(
        connection,
    ) as few:
        text = operator.get(LIST, {"q": one.appid}).text
    assert "Bakery" in text
    for _ in range(10):
        make_miniprogram(name="Bakery")
    with CaptureQueriesContext(connection) as many:
        operator.get(LIST, {"q": "Bakery"})
    assert len(many) == len(few)


def test_staff_who_may_only_look_cannot_change(client, db):
    anna = User.objects.create(username="anna", is_staff=True)
    anna.user_permissions.add(*Permission.objects.filter(codename__in=["view_miniprogram", "see_every_miniprogram"]))
    client.force_login(anna)
    miniprogram = make_miniprogram(secret="the old one")
    assert client.get(change_page(miniprogram)).status_code == 200
    assert client.post(change_page(miniprogram), form()).status_code == 403


def test_deleting_takes_the_history_along(operator):
    miniprogram = make_miniprogram()
    operator.post(reverse("admin:miniprograms_miniprogram_delete", args=[miniprogram.pk]), {"post": "yes"})
    assert not MiniProgram.objects.exists()


def test_defaults_have_the_gallerys_names_and_wechats_in_their_help(operator):
    page = operator.get(ADD).text
    names = {
        "env_version": "Version",
        "check_path": "Check that the page is published",
        "width": "Width in pixels",
        "auto_color": "Automatic line colour",
        "line_color": "Line colour",
        "is_hyaline": "Transparent background",
    }
    for name, label in names.items():
        assert re.search(rf'for="id_{name}">{label}:?<', page), name
        shown = page.partition(f'id="id_{name}_helptext"')[2].partition("</div>")[0]
        assert f"API parameter: {name}." in shown
    assert "Proxy login" in page


def test_only_a_mini_program_that_has_a_secret_may_leave_it_empty(operator):
    words = "Leave blank to keep the current one."
    assert words in operator.get(change_page(make_miniprogram())).text
    secret_help = operator.get(ADD).text.partition('id="id_app_secret_helptext"')[2].partition("</div>")[0]
    assert "AppSecret" in secret_help and "Leave blank" not in secret_help
    assert "There is no group yet." in operator.get(ADD).text
