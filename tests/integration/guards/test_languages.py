"""Who asks for Chinese is served in Chinese, and everybody else in English."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils.translation import override

from apps.miniprograms.permission_choice import permission_name

pytestmark = pytest.mark.django_db


def test_permissions_are_chosen_by_their_chinese_names():
    with override("zh-hans"):
        english = [permission for permission in Permission.objects.all() if permission_name(permission).isascii()]
    assert not english


@pytest.mark.parametrize("language", ["zh-CN", "zh-Hans", "zh-CN,zh;q=0.9,en;q=0.8"])
def test_a_chinese_browser_gets_the_login_page_in_chinese(language):
    answer = Client().get("/login/", headers={"accept-language": language})
    assert answer.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-hans"' in answer.text
    assert "登录" in answer.text and "Log in" not in answer.text


def test_a_chinese_client_gets_problems_in_chinese():
    answer = Client().get("/api/v1/codes/", headers={"accept-language": "zh-CN"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "此操作需要 API 密钥。")


def test_everybody_else_gets_english():
    assert '<html lang="en"' in Client().get("/login/", headers={"accept-language": "fr"}).text
