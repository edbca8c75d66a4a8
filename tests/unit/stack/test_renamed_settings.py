"""A renamed setting works under its old name for one version, and says so."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from wxcode import environment as env
from wxcode import renamed_settings
from wxcode.renamed_settings import old_names_are_not_used


@pytest.fixture(autouse=True)
def renamed(monkeypatch):
    monkeypatch.setattr(renamed_settings, "RENAMED", {"SHOP_OLD": "SHOP_NEW"})


def ids():
    return [(message.id, message.msg) for message in old_names_are_not_used(None)]


def test_the_old_name_counts_and_warns(monkeypatch):
    monkeypatch.setenv("SHOP_OLD", "7")
    assert env.read("SHOP_NEW", env.whole_number, 1) == 7
    ((check_id, words),) = ids()
    assert check_id == "wxcode.W010" and "SHOP_OLD is now called SHOP_NEW" in words and "the last" in words


def test_the_new_name_goes_before_the_old_one_which_still_warns(monkeypatch):
    monkeypatch.setenv("SHOP_OLD", "7")
    monkeypatch.setenv("SHOP_NEW", "8")
    assert env.read("SHOP_NEW", env.whole_number, 1) == 8
    ((_id, words),) = ids()
    assert "ignored" in words


def test_without_the_old_name_nobody_is_warned(monkeypatch):
    assert env.read("SHOP_NEW", env.whole_number, 1) == 1 and ids() == []
    monkeypatch.setenv("SHOP_NEW", "8")
    assert ids() == []


def test_the_old_name_may_come_from_a_file(monkeypatch, tmp_path):
    place = tmp_path / "value"
    place.write_text("9\n")
    monkeypatch.setenv("SHOP_OLD_FILE", str(place))
    assert env.read("SHOP_NEW", env.whole_number, 1) == 9 and len(ids()) == 1


def test_a_malformed_value_names_the_variable_that_holds_it(monkeypatch):
    monkeypatch.setenv("SHOP_OLD", "seven")
    with pytest.raises(ImproperlyConfigured, match="SHOP_OLD is malformed"):
        env.read("SHOP_NEW", env.whole_number, 1)


def test_every_new_name_of_the_real_table_is_a_setting(monkeypatch):
    monkeypatch.undo()
    from tests.plugin import variables_of_ours

    known = variables_of_ours()
    assert all(new in known and old not in known for old, new in renamed_settings.RENAMED.items())


def test_the_check_is_one_that_django_makes():
    from django.core.checks.registry import registry

    assert old_names_are_not_used in registry.get_checks()
