"""System checks with permanent ids: no seal key, a secret that cannot be read, a sandbox in production."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from tests.parts import make_miniprogram


def found(check_id, **options):
    return [message for message in run_checks(**options) if message.id == check_id]


def test_an_empty_list_of_seal_keys_is_an_error(settings):
    assert not found("wxcode.E001")
    settings.WXCODE_SEAL_KEYS = []
    (error,) = found("wxcode.E001")
    assert error.is_serious() and ".env.example" in error.hint


@pytest.mark.django_db
def test_a_secret_that_cannot_be_read_is_an_error(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "the secret")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    assert not found("wxcode.E002", databases=["default"])
    monkeypatch.delenv("SHOP_SECRET")
    (error,) = found("wxcode.E002", databases=["default"])
    assert miniprogram.appid in error.msg and "SHOP_SECRET" in error.msg
    assert not found("wxcode.E002"), "without --database nobody asked for the database"


@pytest.mark.django_db
def test_a_mini_program_that_is_switched_off_needs_no_secret(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "the secret")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    miniprogram.is_active = False
    miniprogram.save()
    monkeypatch.delenv("SHOP_SECRET")
    assert not found("wxcode.E002", databases=["default"])


def test_a_sandbox_in_production_is_a_warning_of_deploy_checks_only(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9100"
    settings.HTTPS_ONLY = True
    (warning,) = found("wxcode.W003", include_deployment_checks=True)
    assert not warning.is_serious()
    assert not found("wxcode.W003")
    settings.SANDBOX_URL = ""
    assert not found("wxcode.W003", include_deployment_checks=True)


def test_a_sandbox_on_a_developers_machine_is_fine(settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9100"
    assert not found("wxcode.W003", include_deployment_checks=True)


@pytest.mark.django_db
def test_manage_check_with_the_database_fails_on_a_secret_that_cannot_be_read(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "the secret")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    call_command("check", databases=["default"])
    monkeypatch.delenv("SHOP_SECRET")
    with pytest.raises(
        SystemCheckError, match=f"(?s){miniprogram.appid}.*wxcode.E002|wxcode.E002.*{miniprogram.appid}"
    ):
        call_command("check", databases=["default"])
