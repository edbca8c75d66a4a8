"""Making one: defaults, the result, and every way to fail, with what was typed still there."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override

from apps.codes.models import FailedAttempt, IssuedCode
from apps.gallery.forms import CodeForm
from apps.wechat.errcodes import find_errcode
from tests.integration.gallery.staff import PAGE, issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
CODE = "/wxa/getwxacodeunlimit"


def form(chosen, /, **changes):
    """What the browser sends for the untouched form with a scene."""
    values = {
        "miniprogram": chosen.appid,
        "scene": "table=7",
        "page": PAGE,
        "env_version": "release",
        "check_path": "on",
        "width": "430",
        "color": "black",
        "line_color": "#000000",
        "label": "",
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def make(client, chosen, /, **changes):
    return client.post("/make/", form(chosen, **changes))


def test_the_form_begins_with_the_defaults_of_the_mini_program(staff, sandbox):
    make_miniprogram(sandbox, name="A")
    other = make_miniprogram(sandbox, name="B", default_page="pages/detail/detail", env_version="trial")
    text = staff.get(f"/make/?miniprogram={other.appid}").text
    assert f'value="{other.appid}" selected' in text
    assert 'name="page" value="pages/detail/detail"' in text
    assert 'value="trial" selected' in text
    assert re.search(r'<input type="checkbox" name="check_path"(?![^>]* checked)', text)


def test_pages_used_before_are_suggested_most_recent_first(staff, miniprogram):
    for page in ("pages/detail/detail", PAGE):
        issue(miniprogram, "a=1", page=page)
    text = staff.get("/make/").text
    assert text.index(f'<option value="{PAGE}">') < text.index('<option value="pages/detail/detail">')


def test_a_made_code_is_shown_beside_the_form(staff, miniprogram):
    answer = make(staff, miniprogram, label="Window")
    code = IssuedCode.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/make/?made={code.pk}#result")
    text = staff.get(f"/make/?made={code.pk}").text
    assert "Created and saved in the gallery." in text
    assert f'src="/codes/{code.pk}/picture?width=430"' in text
    assert 'value="table=7"' in text


def test_the_history_records_who_made_it_in_the_gallery(staff, miniprogram):
    make(staff, miniprogram)
    code = IssuedCode.objects.get()
    assert (code.issued_by, code.door, code.client) == ("staff:anna", "gallery", None)


def test_everything_chosen_is_asked_for(staff, miniprogram):
    make(staff, miniprogram, width="1280", color="own", line_color="#0b7a45", is_hyaline="on", check_path=None)
    code = IssuedCode.objects.get()
    assert (code.width, code.line_color, code.is_hyaline, code.check_path) == (1280, "#0b7a45", True, False)


def test_a_colour_that_is_not_chosen_is_not_used(staff, miniprogram):
    make(staff, miniprogram, color="auto", line_color="#0b7a45")
    code = IssuedCode.objects.get()
    assert (code.auto_color, code.line_color) == (True, "#000000")


def test_a_slash_is_the_home_page(staff, miniprogram):
    make(staff, miniprogram, page="/")
    assert IssuedCode.objects.get().page == ""


def test_the_same_again_is_the_stored_code_and_says_so(staff, sandbox, miniprogram):
    make(staff, miniprogram)
    answer = make(staff, miniprogram)
    assert answer["Location"].endswith("&reused#result")
    text = staff.get(answer["Location"]).text
    assert "This code already exists" in text
    assert "It keeps its existing label" not in text
    assert sandbox.count(CODE) == 1


def test_a_session_that_ends_while_somebody_types_loses_nothing(client, staff, miniprogram):
    typed = {"scene": "table=9&x=1", "label": "靠窗", "tags": "hall", "color": "own", "line_color": "#0b7a45"}
    client.logout()
    answer = make(client, miniprogram, **typed, is_hyaline="on", check_path=None, spend="1")
    assert answer.status_code == 302
    address = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert "spend" not in address
    client.force_login(User.objects.get())
    text = client.get(address).text
    assert "nothing was created" in text
    for value in ("table=9&amp;x=1", "靠窗", "hall", "#0b7a45"):
        assert f'value="{value}"' in text
    assert re.search(r'<input type="checkbox" name="is_hyaline"[^>]* checked', text)
    assert not re.search(r'<input type="checkbox" name="check_path"[^>]* checked', text)
    assert not IssuedCode.objects.exists()


def test_more_than_an_address_holds_is_not_taken_along(client, staff, miniprogram):
    client.logout()
    assert make(client, miniprogram, label="桌" * 3000)["Location"] == "/login/?next=/make/"


@pytest.mark.parametrize(
    "query", ["kind=none&color=none&width=wide&line_color=red", "scene=%00&env_version=&check_path=x"]
)
def test_nonsense_in_the_address_is_a_form_all_the_same(staff, miniprogram, query):
    assert staff.get(f"/make/?{query}").status_code == 200


@pytest.mark.parametrize("names", [{"label": "Terrace"}, {"tags": "hall, garden"}])
def test_a_label_or_tag_that_the_stored_code_does_not_take_is_not_lost_in_silence(staff, miniprogram, names):
    make(staff, miniprogram, label="Window", tags="hall")
    answer = make(staff, miniprogram, **names)
    assert "It keeps its existing label and tags" in staff.get(answer["Location"]).text
    assert IssuedCode.objects.get().label == "Window"


def test_a_similar_one_begins_with_the_same_values(staff, miniprogram):
    code = issue(miniprogram, "a=1", width=860, label="Poster", page="pages/detail/detail")
    text = staff.get(f"/make/?like={code.pk}").text
    for value in ('value="a=1"', 'value="860"', 'value="Poster"', 'value="pages/detail/detail"'):
        assert value in text
    assert "Created and saved" not in text


def test_a_wrong_field_is_400_with_its_cure_and_nothing_lost(staff, sandbox, miniprogram):
    for changes, message in (
        ({"scene": ""}, "Enter a scene of"),
        ({"scene": "x" * 35}, "3 characters too long"),
        ({"scene": "桌7"}, "&#x27;桌&#x27; at 1"),
        ({"page": "/pages/index/index"}, "Remove the leading slash"),
        ({"page": "pages/index/index?a=1"}, "The page can’t contain parameters"),
        ({"width": "100"}, "from 280 to 1280"),
        ({"width": "wide"}, "Enter a whole number."),
        ({"color": "own", "line_color": "green"}, "Use a colour such as"),
        ({"env_version": "beta"}, "beta is not one of the available choices"),
        ({"miniprogram": "wx0000000000000000"}, "not one of the available choices"),
        ({"label": "x" * 101}, "at most 100 characters"),
    ):
        answer = make(staff, miniprogram, **({"label": "Kept"} | changes))
        assert answer.status_code == 400, changes
        assert message in answer.text
        for name, value in ({"label": "Kept"} | changes).items():
            assert name in ("miniprogram", "env_version") or f'value="{value}"' in answer.text, changes
    assert sandbox.count(CODE) == 0


def test_an_unpublished_page_shows_what_wechat_said_and_what_to_do(staff, miniprogram):
    answer = make(staff, miniprogram, page="pages/none/none", label="Kept")
    failure = FailedAttempt.objects.get()
    assert answer.status_code == 422
    assert "errcode 41030" in answer.text
    assert f"rid {failure.rid}" in answer.text
    assert 'value="pages/none/none"' in answer.text
    assert 'value="Kept"' in answer.text
    assert 'role="alert"' in answer.text
    assert not IssuedCode.objects.exists()


def test_a_busy_wechat_is_503_with_when_to_come_back(staff, sandbox, miniprogram):
    sandbox.fault("busy", endpoint=CODE)
    answer = make(staff, miniprogram)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "Try again in" in answer.text


def test_a_missing_sandbox_is_an_explained_failure(staff, miniprogram, settings):
    settings.SANDBOX_URL = ""
    answer = make(staff, miniprogram)
    assert answer.status_code == 503
    assert 'value="table=7"' in answer.text


def test_a_mini_program_that_is_switched_off_is_not_offered(staff, miniprogram):
    miniprogram.is_active = False
    miniprogram.save()
    assert "Add your first mini-program" in staff.get("/make/").text
    assert make(staff, miniprogram).status_code == 400


def test_a_scene_is_checked_while_it_is_typed(staff, db):
    assert "3 characters too long" in staff.get("/make/scene/", {"scene": "x" * 35}).text
    assert staff.get("/make/scene/", {"scene": "a=1"}).text.strip() == ""
    assert staff.get("/make/scene/", {"scene": ""}).text.strip() == ""


def test_an_unknown_example_is_404(staff, miniprogram):
    assert [staff.get(f"/make/?{query}").status_code for query in ("made=999", "like=999")] == [404, 404]


def test_a_senseless_example_is_the_empty_form(staff, miniprogram):
    for query in ("made=x", "like=" + "9" * 30, "miniprogram=%00", "made=²"):
        answer = staff.get(f"/make/?{query}")
        assert answer.status_code == 200, query
        assert f'value="{miniprogram.appid}" selected' in answer.text, query


# --- the two kinds that spend the lifetime pool ---------------------------------------------------------------

PATH_FORM = {"scene": "", "path": "pages/index/index?table=7", "spend": "on"}


def test_a_limited_code_is_made_of_its_path_and_every_look(staff, miniprogram):
    look = {"color": "own", "line_color": "#0b7a45", "is_hyaline": "on", "env_version": "trial"}
    answer = make(staff, miniprogram, kind="limited", **PATH_FORM, **look)
    code = IssuedCode.objects.get()
    assert (answer.status_code, code.kind, code.page, code.scene) == (302, "limited", PATH_FORM["path"], "")
    assert (code.line_color, code.is_hyaline, code.env_version, code.num_used) == ("#0b7a45", True, "trial", 1)
    text = staff.get(answer["Location"]).text
    assert 'name="path" value="pages/index/index?table=7"' in text
    assert '<input type="radio" name="kind" value="limited" checked>' in text
    assert "99,999 are left" in text


def test_a_square_code_takes_nothing_but_path_and_width(staff, miniprogram):
    make(staff, miniprogram, kind="qrcode", **PATH_FORM, color="own", line_color="#0b7a45", width="860")
    code = IssuedCode.objects.get()
    assert (code.kind, code.page, code.width, code.line_color) == ("qrcode", PATH_FORM["path"], 860, "#000000")


def test_the_lifetime_pool_is_not_touched_unless_the_box_is_ticked(staff, sandbox, miniprogram):
    answer = make(staff, miniprogram, kind="limited", **(PATH_FORM | {"spend": None}))
    assert answer.status_code == 400
    assert "Tick the box to confirm" in answer.text
    assert 'value="pages/index/index?table=7"' in answer.text
    assert sandbox.count("/wxa/getwxacode") == 0
    assert not IssuedCode.objects.exists()


def test_a_wrong_path_is_400_with_its_cure(staff, miniprogram):
    for kind, path, message in (
        ("limited", "", "needs a path"),
        ("limited", "x" * 1025, "1 characters too long"),
        ("qrcode", "桌" * 43, "1 bytes too long"),
    ):
        answer = make(staff, miniprogram, kind=kind, **(PATH_FORM | {"path": path}))
        assert answer.status_code == 400, path
        assert message in answer.text


def test_a_similar_one_keeps_kind_path_and_tags(staff, miniprogram):
    code = issue(miniprogram, "", kind="limited", path="pages/index/index?a=1", tags=("hall", "2026"))
    text = staff.get(f"/make/?like={code.pk}").text
    assert 'name="kind" value="limited" checked' in text
    assert 'name="path" value="pages/index/index?a=1"' in text
    assert 'name="tags" value="2026, hall"' in text or 'name="tags" value="hall, 2026"' in text


def test_a_path_is_checked_while_it_is_typed(staff, db):
    address = "/make/scene/"
    assert "72 bytes too long" in staff.get(address, {"kind": "qrcode", "path": "x" * 200}).text
    assert staff.get(address, {"kind": "limited", "path": "x" * 200}).text.strip() == ""


def test_pages_of_the_other_kinds_are_not_suggested_as_pages(staff, miniprogram):
    issue(miniprogram, "", kind="limited", path="pages/index/index?secret=1")
    assert "secret=1" not in staff.get("/make/").text


# --- tags, looks, errors in place -----------------------------------------------------------------------------


def test_tags_are_given_with_commas_between_them(staff, miniprogram):
    make(staff, miniprogram, tags="hall, 2026，厅,, hall")
    assert sorted(tag.name for tag in IssuedCode.objects.get().tags.all()) == ["2026", "hall", "厅"]


def test_too_many_tags_are_refused_in_place(staff, miniprogram):
    answer = make(staff, miniprogram, tags=",".join(map(str, range(21))))
    assert answer.status_code == 400
    assert "At most 20 tags." in answer.text


def test_the_preview_shows_colour_background_and_size(staff, miniprogram):
    for look, shown in (
        ({}, ['width="34%"', 'color="#000000"', "430 px = 3.6 cm"]),
        ({"width": "1280", "color": "own", "line_color": "#0b7a45"}, ['width="100%"', 'color="#0b7a45"', "10.8 cm"]),
        ({"color": "auto"}, ['color="#8a948d"']),
        ({"is_hyaline": "on"}, ['class="plate plate-clear"']),
        ({"width": "wide", "color": "own", "line_color": '"><b>'}, ['width="34%"', 'color="#000000"']),
    ):
        # refused for its scene: the form comes back as it was
        text = make(staff, miniprogram, scene="", **look).text
        assert [part for part in shown if part not in text] == []


def test_what_wechat_says_about_a_page_stands_at_the_page_in_the_words_of_the_form(staff, miniprogram):
    for language in ("en", "zh-hans"):
        text = html.unescape(
            staff.post("/make/", form(miniprogram, page="pages/none/none"), headers={"accept-language": language}).text
        )
        assert re.search(r'<input type="text" name="page" value="pages/none/none"[^>]* aria-invalid="true"', text)
        with override(language):
            at_field = text.partition('name="page"')[2].partition("</ul>")[0]
            assert at_field.index(find_errcode(41030).meaning) < at_field.index(
                str(CodeForm.base_fields["check_path"].label)
            )
        # the parameters of the API, and its names of errors, are not what a page is about
        told, details = text.partition("<main")[2].split("<details", 1)
        assert "wechat_rejected_input" not in told and "errcode" not in told
        assert "wechat_rejected_input" in details
        assert "check_path false" not in text and "check_path 为" not in text and "env_version trial" not in text


def test_a_page_that_is_not_published_yet_is_used_without_the_check_by_one_button(staff, miniprogram):
    wrong = {"page": "pages/none/none", "label": "Kept"}
    text = make(staff, miniprogram, **wrong).text
    assert 'name="unchecked" value="1">Turn off the check and create</button>' in text
    # the first button of the form is the one that Enter presses
    assert '<button class="unseen" type="submit"' in text.partition('id="id_miniprogram"')[0]
    assert make(staff, miniprogram, **wrong, unchecked="1").status_code == 302
    code = IssuedCode.objects.get()
    assert (code.page, code.check_path, code.label) == ("pages/none/none", False, "Kept")


def test_the_button_is_not_offered_where_it_would_not_help(staff, sandbox, miniprogram):
    sandbox.fault("errcode", errcode=40169, endpoint=CODE)
    text = make(staff, miniprogram).text
    assert 'name="unchecked"' not in text
    assert "Enter a scene of 1 to 32 characters." in text
    assert 'name="unchecked"' not in make(staff, miniprogram, scene="").text
