"""`rotate_seal_keys`: references and fingerprints follow the new first key, or everything stays as it was."""

import io

import pytest
from django.core.management import CommandError, call_command

from apps.miniprograms.models import MiniProgram, SealedSecret
from apps.miniprograms.secrets import has_secret_changed, resolve_secret, seal_secret
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def rotate():
    out, err = io.StringIO(), io.StringIO()
    call_command("rotate_seal_keys", stdout=out, stderr=err)
    return out.getvalue() + err.getvalue()


def everything():
    return (
        sorted(MiniProgram.objects.values_list("appid", "secret_ref", "secret_fingerprint")),
        sorted((row.address, bytes(row.sealed)) for row in SealedSecret.objects.all()),
    )


def test_after_a_rotation_the_old_key_is_no_longer_needed(settings, new_key):
    miniprogram = make_miniprogram(secret="the secret")
    before = miniprogram.secret_ref, miniprogram.secret_fingerprint
    settings.WXCODE_SEAL_KEYS = [new_key, *settings.WXCODE_SEAL_KEYS]
    assert rotate().startswith("1 secrets are sealed under the first key")
    settings.WXCODE_SEAL_KEYS = [new_key]
    miniprogram.refresh_from_db()
    assert resolve_secret(miniprogram) == "the secret"
    assert not has_secret_changed(miniprogram)
    assert miniprogram.secret_ref != before[0] and miniprogram.secret_fingerprint != before[1]


def test_keys_that_are_swapped_and_swapped_back_lose_nothing(settings, new_key):
    (old_key,) = settings.WXCODE_SEAL_KEYS
    miniprogram = make_miniprogram(secret="the secret")
    before = everything()[0]
    for keys in ([new_key, old_key], [old_key, new_key]):
        settings.WXCODE_SEAL_KEYS = keys
        rotate()
    assert everything()[0] == before
    miniprogram.refresh_from_db()
    assert resolve_secret(miniprogram) == "the secret"


def test_one_secret_sealed_under_both_keys_becomes_one(settings, new_key):
    one = make_miniprogram(secret="the secret")
    settings.WXCODE_SEAL_KEYS = [new_key, *settings.WXCODE_SEAL_KEYS]
    other = make_miniprogram(secret="the secret")
    assert SealedSecret.objects.count() == 2
    rotate()
    settings.WXCODE_SEAL_KEYS = [new_key]
    one.refresh_from_db()
    assert one.secret_ref == other.secret_ref
    assert SealedSecret.objects.count() == 1
    assert resolve_secret(one) == "the secret"


def test_a_missing_key_leaves_everything_as_it_was(settings, new_key):
    make_miniprogram(secret="under the lost key")
    seal_secret("not used by anybody")
    settings.WXCODE_SEAL_KEYS = [new_key]
    make_miniprogram(secret="under the new key")
    before = everything()
    with pytest.raises(CommandError, match="Nothing was changed"):
        rotate()
    assert everything() == before


def test_unused_secrets_are_removed_and_used_ones_stay():
    miniprogram = make_miniprogram(secret="used")
    seal_secret("not used by anybody")
    assert "1 unused ones were removed" in rotate()
    assert resolve_secret(miniprogram) == "used"


def test_fingerprints_of_outside_secrets_follow_too(settings, new_key, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "the secret")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    settings.WXCODE_SEAL_KEYS = [new_key, *settings.WXCODE_SEAL_KEYS]
    rotate()
    settings.WXCODE_SEAL_KEYS = [new_key]
    miniprogram.refresh_from_db()
    assert not has_secret_changed(miniprogram)


def test_an_outside_secret_that_changed_underneath_stays_noticed(settings, new_key, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "the secret")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    monkeypatch.setenv("SHOP_SECRET", "another secret")
    settings.WXCODE_SEAL_KEYS = [new_key, *settings.WXCODE_SEAL_KEYS]
    rotate()
    miniprogram.refresh_from_db()
    assert has_secret_changed(miniprogram)


def test_an_outside_secret_that_cannot_be_read_here_is_named(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "the secret")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    monkeypatch.delenv("SHOP_SECRET")
    assert miniprogram.appid in rotate()
