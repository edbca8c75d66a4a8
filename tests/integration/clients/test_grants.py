"""From the appid in a request to the mini-program."""

import pytest

from apps.clients.errors import MiniProgramNotGranted
from apps.clients.facts import find_caller
from apps.clients.grants import MiniProgramUnknown, get_granted_miniprogram
from tests.integration.clients.conftest import APPID, OTHER_APPID


def test_a_granted_miniprogram_is_found(make, miniprogram):
    assert get_granted_miniprogram(find_caller(make(appids=[APPID])[1]), APPID) == miniprogram


def test_a_key_for_all_learns_that_an_appid_is_unknown(make):
    with pytest.raises(MiniProgramUnknown, match=OTHER_APPID):
        get_granted_miniprogram(find_caller(make()[1]), OTHER_APPID)


def test_a_limited_key_does_not_learn_whether_an_appid_is_known(make, miniprogram):
    with pytest.raises(MiniProgramNotGranted):
        get_granted_miniprogram(find_caller(make(appids=[APPID])[1]), OTHER_APPID)
