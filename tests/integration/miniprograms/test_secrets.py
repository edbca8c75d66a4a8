"""References to an AppSecret: what they resolve to, and what they tell when they do not."""

import pytest

from apps.miniprograms.models import SealedSecret
from apps.miniprograms.secrets import (
    SecretUnavailable,
    assign_secret,
    has_secret_changed,
    is_outside_ref,
    resolve_ref,
    resolve_secret,
    seal_secret,
)
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "app-secret"
    path.write_text(f"{SECRET}\n")
    return path


def test_a_sealed_secret_comes_back_and_is_nowhere_in_clear():
    reference = seal_secret(SECRET)
    assert resolve_ref(reference) == SECRET
    assert SECRET not in reference
    assert SECRET.encode() not in bytes(SealedSecret.objects.get().sealed)


def test_the_same_secret_has_one_reference_and_another_another():
    assert seal_secret(SECRET) == seal_secret(SECRET) != seal_secret("another")
    assert SealedSecret.objects.count() == 2


def test_the_reference_cannot_be_computed_without_the_key(settings, new_key):
    before = seal_secret(SECRET)
    settings.WXCODE_SEAL_KEYS = [new_key]
    assert seal_secret(SECRET) != before


def test_a_new_first_key_breaks_no_older_reference(settings, new_key):
    old = make_miniprogram(secret=SECRET)
    settings.WXCODE_SEAL_KEYS = [new_key, *settings.WXCODE_SEAL_KEYS]
    new = make_miniprogram(secret=SECRET)
    assert old.secret_ref != new.secret_ref
    assert resolve_secret(old) == resolve_secret(new) == SECRET
    assert not has_secret_changed(old) and not has_secret_changed(new)


def test_equal_secrets_have_equal_fingerprints_that_tell_nothing_else():
    one, other = make_miniprogram(secret=SECRET), make_miniprogram(secret=SECRET)
    assert one.secret_fingerprint == other.secret_fingerprint != make_miniprogram(secret="x").secret_fingerprint
    assert one.secret_fingerprint not in one.secret_ref


def test_an_environment_variable_is_read_at_every_use(monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", f" {SECRET}\n")
    miniprogram = make_miniprogram(secret="", secret_ref="env:SHOP_SECRET")
    assert resolve_secret(miniprogram) == SECRET
    monkeypatch.delenv("SHOP_SECRET")
    with pytest.raises(SecretUnavailable, match="SHOP_SECRET is not set"):
        resolve_secret(miniprogram)


def test_a_file_is_read_at_every_use_and_its_change_is_noticed(secret_file):
    miniprogram = make_miniprogram(secret="", secret_ref=f"file:{secret_file}")
    assert resolve_secret(miniprogram) == SECRET
    assert not has_secret_changed(miniprogram)
    secret_file.write_text("another secret")
    assert resolve_secret(miniprogram) == "another secret"
    assert has_secret_changed(miniprogram)


@pytest.mark.parametrize("content", ["root:x:0:0\ndaemon:x:1:1\n", "x" * 200, " \n", b"\xff\xfe"])
def test_a_file_that_holds_no_app_secret_is_never_used(secret_file, content):
    secret_file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SecretUnavailable) as refused:
        resolve_ref(f"file:{secret_file}")
    assert str(refused.value.advice)
    assert "daemon" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SecretUnavailable, match="nothing-here"):
        resolve_ref(f"file:{tmp_path}/nothing-here")


@pytest.mark.parametrize("reference", ["", "sealed:unknown", "vault:x", SECRET])
def test_other_references_do_not_resolve(reference):
    with pytest.raises(SecretUnavailable) as refused:
        resolve_ref(reference)
    assert SECRET not in str(refused.value)


def test_a_secret_of_a_lost_key_says_which_key_is_missing(settings, new_key):
    reference = seal_secret(SECRET)
    settings.WXCODE_SEAL_KEYS = [new_key]
    with pytest.raises(SecretUnavailable, match="None of the keys"):
        resolve_ref(reference)


def test_nothing_is_sealed_without_a_key(settings):
    settings.WXCODE_SEAL_KEYS = []
    with pytest.raises(SecretUnavailable, match="WXCODE_SEAL_KEYS is empty"):
        seal_secret(SECRET)


def test_assigning_a_reference_that_does_not_resolve_fails_at_once():
    miniprogram = make_miniprogram()
    with pytest.raises(SecretUnavailable):
        assign_secret(miniprogram, secret_ref="env:WXCODE_TEST_NOBODY_SETS_THIS")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env:SHOP_SECRET", True),
        ("file:/run/secrets/shop secret", True),
        (SECRET, False),
        (f"env:a{SECRET[1:]}", False),
        ("env:", False),
        ("env:WITH SPACE", False),
        ("file:relative", False),
        ("sealed:abc", False),
    ],
)
def test_only_references_to_outside_places_are_typed(text, expected):
    assert is_outside_ref(text) is expected
