"""The words around a list of the admin: its title, and filters that say what their choices mean."""

import re

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User

from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
MINIPROGRAMS = "/admin/miniprograms/miniprogram/"


def headings(text):
    return re.findall(r"<h1>(.*?)</h1>", text) + re.findall(r"<title>(.*?)</title>", text)


@pytest.mark.parametrize(
    ("address", "english", "chinese"),
    [
        (MINIPROGRAMS, "Mini-programs", "小程序"),
        ("/admin/codes/issuedcode/", "Issued codes", "小程序码"),
        ("/admin/admin/logentry/", "Audit trail", "操作日志"),
    ],
)
def test_a_list_is_called_what_it_lists(operator, address, english, chinese):
    assert headings(operator.get(address).text) == [english, f"{english} | wxcode"]
    in_chinese = headings(operator.get(address, headers={"Accept-Language": "zh-hans"}).text)
    assert in_chinese == [chinese, f"{chinese} | wxcode"]


@pytest.mark.parametrize(("value", "names"), [("1", {"Open"}), ("0", {"Closed"}), ("x", {"Open", "Closed"})])
def test_the_status_is_active_or_inactive(operator, value, names):
    for name, appid, is_active in (("Open", "wx" + 16 * "0", True), ("Closed", "wx" + 16 * "1", False)):
        made = make_miniprogram(name=name, appid=appid)
        made.is_active = is_active
        made.save()
    answer = operator.get(MINIPROGRAMS, {"is_active__exact": value})
    assert {row.name for row in answer.context["cl"].result_list} == names
    for choice in ("active", "inactive"):
        assert re.search(rf"<a href=\"[^\"]*\">\s*{choice}\s*</a>", answer.text), choice


def test_users_can_be_filtered_by_status(operator):
    User.objects.create_user("left", is_active=False)
    answer = operator.get("/admin/auth/user/", {"is_active__exact": "0"})
    assert "left" in {user.username for user in answer.context["cl"].result_list}
    assert all(not user.is_active for user in answer.context["cl"].result_list)


@pytest.mark.parametrize(("value", "count"), [("1", 0), ("2", 1), ("x", 1)])
def test_the_audit_trail_is_filtered_in_its_own_words(operator, value, count):
    LogEntry.objects.all().delete()
    LogEntry.objects.log_actions(User.objects.get().pk, [make_miniprogram()], CHANGE, "Changed name.")
    answer = operator.get("/admin/admin/logentry/", {"action_flag__exact": value})
    for words in ("Added", "Changed", "Deleted"):
        assert re.search(rf"<a href=\"[^\"]*\">\s*{words}\s*</a>", answer.text), words
    assert answer.context["cl"].result_count == count
