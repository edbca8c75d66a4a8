"""`manage.py create_client` prints a key that works, or one sentence."""

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.clients.facts import find_caller
from apps.clients.models import ApiClient
from tests.integration.clients.conftest import APPID, ORIGIN


def run(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("create_client", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_key_stands_alone_on_standard_output():
    out, err = run("shop")
    assert find_caller(out.removesuffix("\n")).name == "shop"
    assert out.strip() not in err and "shop" in err


def test_codes_may_be_created_and_read_unless_told():
    assert find_caller(run("shop")[0].strip()).scopes == {"codes:create", "codes:read"}


def test_every_limit_can_be_given_several_times(miniprogram):
    words = ["--scope", "tokens:read", "--scope", "tokens:refresh", "--miniprogram", APPID]
    words += ["--origin", ORIGIN, "--origin", "http://localhost:5173", "--ip", "10.0.0.0/8", "--ip", "::1"]
    caller = find_caller(run("shop", *words)[0].strip())
    assert (caller.scopes, caller.appids) == ({"tokens:read", "tokens:refresh"}, {APPID})
    assert caller.origins == {ORIGIN, "http://localhost:5173"}
    assert [str(network) for network in caller.networks] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scope", "codes:delete"], "Unknown scope: codes:delete"),
        (["--miniprogram", APPID], f"Unknown mini-program: {APPID}."),
        (["--origin", "shop.example.com"], "“shop.example.com” is not an origin"),
        (["--ip", "office"], "“office” is not a network"),
    ],
)
def test_a_mistake_is_one_sentence_and_creates_nothing(words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("shop", *words)
    assert not ApiClient.objects.exists()


def test_a_name_that_is_taken_is_said_to_be():
    run("shop")
    with pytest.raises(CommandError, match="already exists"):
        run("shop")


@pytest.mark.django_db(transaction=True)
def test_the_real_command_prints_the_key_and_nothing_else(run_manage):
    good = run_manage("create_client", "shop")
    assert (good.returncode, good.stdout.count("\n")) == (0, 1)
    assert good.stdout.startswith("wxc_")


def test_rate_limit_and_end_can_be_given():
    caller = find_caller(run("shop", "--rate-limit", "120", "--expires", "2030-01-31T18:00+08:00")[0].strip())
    assert caller.rate_limit == 120
    assert caller.expires_at == dt.datetime(2030, 1, 31, 10, tzinfo=dt.UTC)
    days = find_caller(run("other", "--expires", "90d")[0].strip()).expires_at - timezone.now()
    assert dt.timedelta(days=89) < days <= dt.timedelta(days=90)
    date = find_caller(run("third", "--expires", "2030-01-31")[0].strip())
    assert timezone.localtime(date.expires_at).isoformat() == "2030-01-31T00:00:00+08:00"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--expires", "soon"], "“soon” is no moment: write 2030-01-31"),
        (["--expires", "2020-01-01"], "is in the past"),
        (["--expires", "0d"], "is in the past"),
        (["--rate-limit", "0"], "greater than or equal to 1"),
    ],
)
def test_a_limit_that_makes_no_sense_is_said_to_be(words, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("shop", *words)
    assert not ApiClient.objects.exists()
