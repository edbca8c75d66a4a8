"""`manage.py add_miniprogram`: what the admin form does, with the secret from standard input only."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import resolve_secret

pytestmark = pytest.mark.django_db
APPID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"


def add(*words, appid=APPID):
    out = io.StringIO()
    call_command("add_miniprogram", appid, "--name", "Shop", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))


def test_the_secret_comes_from_standard_input(typed):
    output = add("--default-page", "pages/index/index", "--env-version", "trial", "--token-mode", "classic")
    miniprogram = MiniProgram.objects.get(appid=APPID)
    assert resolve_secret(miniprogram) == SECRET
    assert (miniprogram.env_version, miniprogram.check_path, miniprogram.token_mode) == ("trial", False, "classic")
    assert APPID in output and SECRET not in output


def test_the_secret_may_be_somewhere_else(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    add("--secret-ref", "env:SHOP_SECRET", "--sandbox")
    miniprogram = MiniProgram.objects.get(appid=APPID)
    assert (miniprogram.secret_ref, miniprogram.is_sandbox) == ("env:SHOP_SECRET", True)


def test_no_argument_takes_the_secret(typed):
    with pytest.raises(CommandError, match="ambiguous option"):
        add("--secret", SECRET)


def test_no_secret_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    with pytest.raises(CommandError, match="No AppSecret given"):
        add("--secret-stdin")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--default-page", "/pages/index"], "default_page: .*leading slash"),
        (["--secret-ref", "env:WXCODE_TEST_NOBODY_SETS_THIS"], "is not set"),
        (["--secret-ref", "something"], "Unknown kind of secret reference"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_added(typed, words, message):
    with pytest.raises(CommandError, match=message):
        add(*words)
    assert not MiniProgram.objects.exists()


def test_a_wrong_appid_is_named(typed):
    with pytest.raises(CommandError, match="appid: An appid is"):
        add(appid="wxSHORT")


def test_an_appid_is_added_once(typed, monkeypatch):
    add()
    monkeypatch.setattr(sys, "stdin", io.StringIO(SECRET))
    with pytest.raises(CommandError, match="already exists"):
        add()


def test_as_a_process_it_reads_a_pipe(run_manage):
    added = run_manage("add_miniprogram", APPID, "--name", "Shop", "--secret-stdin", input=f"{SECRET}\n")
    assert added.returncode == 0, added.stderr
    assert SECRET not in added.stdout + added.stderr
    assert resolve_secret(MiniProgram.objects.get(appid=APPID)) == SECRET
