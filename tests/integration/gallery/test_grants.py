"""Staff see what their groups were granted and nothing else, at every address that the gallery has or ever gets."""

import re
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from apps.batches.models import CodeBatch
from apps.codes.models import FailedAttempt, IssuedCode
from apps.gallery import rights
from apps.gallery.urls import urlpatterns
from apps.miniprograms.grants import SEE_EVERY, only_visible, visible_appids, visible_miniprograms
from apps.miniprograms.models import MiniProgram
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.gallery.colleagues import enter, make_colleague
from tests.integration.gallery.staff import copy_rows, issue, make_staff
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
ALL_RIGHTS = (rights.MAKE_CODES, rights.CHANGE_CODES, rights.ORDER_BATCHES, rights.STEER_BATCHES)
FOREIGN_PAGE = "pages/detail/detail"
# everything foreign has it in its name, scene, label or external id
MARK = "elephant"
TAG = "herd"
HTMX = {"HX-Request": "true"}
HEADERS = [{}, HTMX, HTMX | {"HX-Target": "more"}]


def is_for_strangers(pattern: URLPattern) -> bool:
    return pattern.name in ("login", "logout")


PATTERNS = [pattern for pattern in urlpatterns if not is_for_strangers(pattern)]
OF_ONE = [pattern for pattern in PATTERNS if "<" in str(pattern.pattern)]
OF_ALL = [pattern for pattern in PATTERNS if pattern not in OF_ONE]


@pytest.fixture
def foreign(sandbox, miniprogram, make_batch):
    """A mini-program with a code and a batch, of which a colleague for `miniprogram` must never hear."""
    found = make_miniprogram(sandbox, name=f"{MARK} house", default_page=FOREIGN_PAGE)
    looks = {"label": f"{MARK} one", "page": FOREIGN_PAGE, "tags": (TAG,), "external_id": f"{MARK}-x"}
    issue(found, f"{MARK}=1", **looks)
    make_batch({"scene": f"{MARK}=2", "label": f"{MARK} two"}, miniprogram=found, name=f"{MARK} batch")
    return found


def address_of(pattern: URLPattern, pk: int = 1) -> str:
    """The pattern's address; one with anything but an id in it must be taught here first."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str({"pk": pk}[found[1]]), str(pattern.pattern))


def rows_of(*models) -> list:
    return [list(model.objects.order_by("pk").values()) for model in models]


def content(answer) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")


# --- what is foreign ---------------------------------------------------------------------------------------


def test_what_belongs_to_a_foreign_mini_program_is_not_there(miniprogram, foreign):
    browser = enter(miniprogram, rights=ALL_RIGHTS)
    before = rows_of(IssuedCode, CodeBatch)
    ids = {IssuedCode.objects.get().pk, CodeBatch.objects.get().pk}
    for pattern, pk, headers in product(OF_ONE, ids, HEADERS):
        address = address_of(pattern, pk)
        answers = [browser.get(address, headers=headers), browser.post(address, {"name": "mine"}, headers=headers)]
        for answer in answers:
            # a GET may lead from an action to its page, which is not there either
            assert answer.status_code in (302, 403, 404, 405), address
            assert MARK not in content(answer) and foreign.appid not in content(answer), address
        if answers[0].status_code == 302:
            assert browser.get(answers[0]["Location"]).status_code == 404, address
        assert rows_of(IssuedCode, CodeBatch) == before, address


def test_no_page_says_anything_of_a_foreign_mini_program(miniprogram, foreign):
    issue(miniprogram, "table=7")
    browser = enter(miniprogram, rights=ALL_RIGHTS)
    for pattern, headers in product(OF_ALL, HEADERS):
        text = content(browser.get(address_of(pattern), headers=headers, follow=True))
        assert not [word for word in (MARK, foreign.appid, FOREIGN_PAGE, TAG) if word in text], pattern.name


def questions(foreign) -> list[dict]:
    """Ways to ask for what is foreign in the query or the body of an address."""
    code, batch = IssuedCode.objects.get(miniprogram=foreign).pk, CodeBatch.objects.get().pk
    ids = [{"batch": batch}, *({name: code} for name in ("like", "made", "pick", "code"))]
    other_ids = [dict.fromkeys(("codes", "ids", "pk"), pk) for pk in {code, batch}]
    named = [{"miniprogram": foreign.appid, "appid": foreign.appid}, {"miniprogram": foreign.pk}]
    return [{}, *ids, *other_ids, *named, {"q": "one"}, {"q": "two"}, {"tag": TAG}, {"page": FOREIGN_PAGE}]


def test_no_question_finds_anything_foreign(miniprogram, foreign):
    browser = enter(miniprogram, rights=ALL_RIGHTS)
    before = rows_of(IssuedCode, CodeBatch)
    # pages to which a POST leads
    pages = set()
    for pattern in OF_ALL:
        address = address_of(pattern)
        for question in questions(foreign):
            answers = [browser.get(address, question), browser.post(address, question)]
            assert MARK not in "".join(map(content, answers)), (address, question)
            pages |= {answer["Location"] for answer in answers if answer.status_code == 302}
        assert rows_of(IssuedCode, CodeBatch) == before, address
    for page in {*pages, "/?archived=1"}:
        assert MARK not in content(browser.get(page, follow=True)), page


def test_no_code_and_no_batch_is_made_for_a_foreign_mini_program(miniprogram, foreign):
    browser = enter(miniprogram, rights=ALL_RIGHTS)
    look = {"miniprogram": foreign.appid, "page": FOREIGN_PAGE, "env_version": "release", "width": "430"}
    look |= {"color": "black", "line_color": "#000000"}
    assert browser.post("/make/", look | {"scene": "a=1"}).status_code == 400
    rows = {"source": "text", "text": "a=1\na=2", "kind": "unlimited", "action": "start"}
    assert browser.post("/batches/new/", look | rows).status_code == 400
    assert (IssuedCode.objects.count(), CodeBatch.objects.count()) == (1, 1)
    assert not FailedAttempt.objects.exists()


def test_the_neighbours_of_a_code_are_ones_own(miniprogram, foreign):
    first = issue(miniprogram, "a=1")
    issue(foreign, f"{MARK}=3", page=FOREIGN_PAGE)
    second = issue(miniprogram, "a=2")
    browser = enter(miniprogram)
    assert f'href="/codes/{second.pk}/" data-key="ArrowLeft"' in browser.get(f"/codes/{first.pk}/").text
    assert f'href="/codes/{first.pk}/" data-key="ArrowRight"' in browser.get(f"/codes/{second.pk}/").text


def test_word_of_an_ended_batch_ends_with_the_grant(miniprogram, foreign):
    vera = make_colleague(miniprogram)
    CodeBatch.objects.update(issued_by="staff:vera", finished_at="2026-05-03T04:05Z")
    assert not only_visible(CodeBatch.objects.all(), vera).exists()
    assert MARK not in enter(miniprogram, name="olga").get("/").text


# --- what is granted ---------------------------------------------------------------------------------------


def test_what_is_granted_is_there(miniprogram, foreign, make_batch):
    code, batch = issue(miniprogram, "table=7"), make_batch(1)
    browser = enter(miniprogram, rights=ALL_RIGHTS)
    for address in ("/", f"/codes/{code.pk}/", f"/codes/{code.pk}/picture", "/make/", f"/make/?like={code.pk}"):
        assert browser.get(address).status_code == 200
    for address in ("/batches/", "/batches/new/", f"/batches/{batch.pk}/", f"/batches/{batch.pk}/file.csv"):
        assert browser.get(address).status_code == 200
    assert f'href="/batches/{batch.pk}/"' in browser.get("/batches/").text


def test_the_grants_of_all_groups_add_up_and_count_once(miniprogram, foreign):
    vera = make_colleague(miniprogram, foreign)
    vera.groups.add(make_colleague(foreign, name="olga").groups.get())
    make_miniprogram(name="Third")
    assert sorted(visible_miniprograms(vera).values_list("pk", flat=True)) == [miniprogram.pk, foreign.pk]
    assert visible_appids(vera) == {miniprogram.appid, foreign.appid}


def test_superusers_and_holders_of_the_permission_see_every_one(miniprogram, foreign):
    anna, vera = make_staff(), make_colleague(rights=(SEE_EVERY,))
    for user in (anna, vera):
        assert visible_appids(user) is None
        assert visible_miniprograms(user).count() == 2


def test_whoever_is_not_signed_in_sees_none(miniprogram):
    assert visible_appids(AnonymousUser()) == frozenset()


def test_without_any_grant_every_page_says_what_to_ask_for(miniprogram):
    issue(miniprogram, "a=1")
    browser = enter(rights=ALL_RIGHTS)
    for pattern in PATTERNS:
        answer = browser.get(address_of(pattern))
        assert answer.status_code == 403, pattern.name
        assert "You don’t have access to a mini-program yet" in answer.text, pattern.name
        assert "vera&#x27;s group" in answer.text, pattern.name
        assert miniprogram.name not in answer.text, pattern.name


def test_a_grant_costs_three_queries_a_page_however_many_there_are(sandbox, miniprogram):
    def count(browser):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/").status_code == 200
        return len(queries)

    copy_rows(issue(miniprogram, "a=1"), count=3)
    one = enter(miniprogram)
    few = count(one)
    group = one.get("/").wsgi_request.user.groups.get()
    for number in range(25):
        group.miniprograms.add(make_miniprogram(name=f"Shop {number}"))
    assert count(one) == few
    every = enter(rights=(SEE_EVERY,), name="olga")
    assert few - count(every) <= 3


# --- what one may do ---------------------------------------------------------------------------------------


def test_every_view_says_what_right_a_post_needs():
    views = [pattern.callback.view_class for pattern in PATTERNS]
    known = {*rights.REFUSALS, ""}
    assert not [view for view in views if hasattr(view, "post") and view.needs.get("POST") not in known]


def test_without_the_right_nothing_is_done_and_the_right_is_named(miniprogram, make_batch):
    issue(miniprogram, "a=1")
    batch = make_batch(1)
    browser = enter(miniprogram)
    before = rows_of(IssuedCode, CodeBatch)
    for pattern in PATTERNS:
        for method, right in pattern.callback.view_class.needs.items():
            answer = getattr(browser, method.lower())(address_of(pattern, batch.pk), {"name": "x"})
            assert not right or (answer.status_code == 403 and right in answer.text), pattern.name
        assert rows_of(IssuedCode, CodeBatch) == before, pattern.name


def test_who_may_only_look_is_offered_nothing_else(miniprogram, make_batch):
    code, batch = issue(miniprogram, "a=1"), make_batch(1)
    browser = enter(miniprogram)
    for address in ("/", f"/codes/{code.pk}/", "/batches/", f"/batches/{batch.pk}/", f"/batches/{batch.pk}/live/"):
        text = browser.get(address).text
        for offer in ("/make/", "/batches/new/", "/pause/", "/cancel/", "/rename/", "/admin/"):
            assert offer not in text, (address, offer)


def test_what_was_typed_without_the_right_is_still_there(miniprogram):
    answer = enter(miniprogram).post("/make/", {"miniprogram": miniprogram.appid, "scene": "table=7"})
    assert answer.status_code == 403
    assert 'value="table=7"' in answer.text
    assert "not create them" in answer.text


def test_the_permissions_that_are_needed_exist():
    for right in (*rights.REFUSALS, SEE_EVERY):
        app_label, codename = right.split(".")
        assert Permission.objects.filter(content_type__app_label=app_label, codename=codename).count() == 1


def test_a_deleted_group_grants_nothing_any_more(miniprogram):
    vera = make_colleague(miniprogram)
    vera.groups.get().delete()
    assert visible_appids(vera) == frozenset()
    assert MiniProgram.objects.count() == 1
