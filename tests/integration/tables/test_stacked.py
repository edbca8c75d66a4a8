"""Every cell of the admin's lists carries the heading of its column, for phones, in the reader's language."""

import re
from types import SimpleNamespace

import pytest
from django.contrib.admin import AdminSite, ModelAdmin, display
from django.utils.safestring import mark_safe

from apps.tables.stacked import with_labels
from apps.tokens.models import TokenEvent
from apps.tokens.services import get_access_token
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
EVENTS = "/admin/tokens/tokenevent/"


@pytest.fixture
def event(sandbox):
    get_access_token(make_miniprogram(sandbox), requested_by="somebody")


def cells(answer):
    rows = answer.text.split("<tbody>")[1].split("</tbody>")[0]
    return re.findall(r'<t[dh] data-label="([^"]+)" class="field-(\w+)', rows), rows.count('class="field-')


def test_every_cell_has_the_heading_of_its_column(operator, event):
    found, count = cells(operator.get(EVENTS))
    assert len(found) == count > 3
    headings = re.findall(r'<div class="text">(?:<a [^>]*>|<span>)([^<]+)<', operator.get(EVENTS).text)
    assert [label for label, _name in found] == headings


def test_they_are_in_the_readers_language(operator, event):
    english, _count = cells(operator.get(EVENTS))
    chinese, _count = cells(operator.get(EVENTS, headers={"Accept-Language": "zh-hans"}))
    assert [name for _label, name in chinese] == [name for _label, name in english]
    assert all(re.search("[\u4e00-\u9fff]", label) for label, _name in chinese)


def test_a_heading_is_escaped():
    class Odd(ModelAdmin):
        list_display = ["told"]

        @display(description='a"<b>')
        def told(self, row):
            return row.pk

    listed = SimpleNamespace(list_display=["told"], model=TokenEvent, model_admin=Odd(TokenEvent, AdminSite()))
    labelled = with_labels(mark_safe('<td class="field-told nowrap">1</td>'), listed)
    assert labelled == '<td data-label="A&quot;&lt;b&gt;" class="field-told nowrap">1</td>'
