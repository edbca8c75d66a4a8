"""What a member of staff may do over the API with the session of the browser: no more than in the gallery."""

import pytest
from django.contrib.auth.models import Permission

from apps.clients.staff import NEEDED, staff_caller
from apps.clients.validation import Scope
from apps.codes.models import IssuedCode
from apps.gallery.rights import REFUSALS
from apps.miniprograms.grants import SEE_EVERY
from tests.integration.gallery.colleagues import enter, make_colleague
from tests.integration.gallery.staff import PAGE, issue, make_staff
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
OPERATOR = "miniprograms.change_miniprogram"


@pytest.fixture
def own(sandbox):
    return make_miniprogram(sandbox, default_page=PAGE)


@pytest.fixture
def foreign(sandbox):
    return make_miniprogram(sandbox, default_page=PAGE)


def problem(answer):
    return answer.status_code, answer.json()["code"]


def test_a_superuser_has_every_scope_and_mini_program():
    caller = staff_caller(make_staff())
    assert (caller.scopes, caller.appids, caller.label) == (frozenset(Scope.values), None, "staff:anna")


def test_every_scope_has_its_permissions_and_all_of_them_exist():
    assert set(NEEDED) == set(Scope)
    assert set(NEEDED[Scope.CODES_CREATE]) == set(REFUSALS)
    for right in {right for needed in NEEDED.values() for right in needed}:
        app_label, codename = right.split(".")
        assert Permission.objects.filter(content_type__app_label=app_label, codename=codename).exists()


@pytest.mark.parametrize(
    ("rights", "scopes"),
    [
        ((), {"codes:read"}),
        (("codes.add_issuedcode",), {"codes:read"}),
        (tuple(REFUSALS), {"codes:read", "codes:create"}),
        ((OPERATOR,), {"codes:read", "tokens:read", "tokens:refresh"}),
    ],
)
def test_scopes_follow_from_rights(own, rights, scopes):
    caller = staff_caller(make_colleague(own, rights=rights))
    assert (caller.scopes, caller.appids) == (scopes, {own.appid})


def test_only_what_is_granted_is_listed_and_shown(own, foreign):
    mine, other = issue(own, "a=1"), issue(foreign, "a=1")
    browser = enter(own, rights=tuple(REFUSALS))
    assert [code["id"] for code in browser.get("/api/v1/codes/").json()["results"]] == [mine.pk]
    assert [each["appid"] for each in browser.get("/api/v1/miniprograms/").json()] == [own.appid]
    assert browser.get(f"/api/v1/codes/{mine.pk}/image").status_code == 200
    for address in (f"/api/v1/codes/{other.pk}/", f"/api/v1/codes/{other.pk}/image"):
        assert browser.get(address).status_code == 404
    sent = {"appid": foreign.appid, "scene": "a=2"}
    refused = browser.post("/api/v1/codes/", sent, "application/json")
    assert problem(refused) == (403, "miniprogram_not_granted")
    assert "You don’t have access" in refused.json()["detail"]
    assert browser.post("/api/v1/codes/", sent | {"appid": own.appid}, "application/json").status_code == 201


def test_without_rights_nothing_is_made_and_no_token_is_told(own):
    browser = enter(own)
    refused = browser.post("/api/v1/codes/", {"appid": own.appid, "scene": "a=1"}, "application/json")
    assert problem(refused) == (403, "missing_scope")
    assert "your account" in refused.json()["detail"]
    assert problem(browser.get(f"/api/v1/miniprograms/{own.appid}/access-token/")) == (403, "missing_scope")
    assert not IssuedCode.objects.exists()


def test_operators_read_the_tokens_of_what_they_see(own, foreign):
    browser = enter(own, rights=(OPERATOR,))
    assert browser.get(f"/api/v1/miniprograms/{own.appid}/access-token/").status_code == 200
    assert browser.get(f"/api/v1/miniprograms/{foreign.appid}/access-token/").status_code == 403
    every = enter(rights=(OPERATOR, SEE_EVERY), name="olga")
    assert every.get(f"/api/v1/miniprograms/{foreign.appid}/access-token/").status_code == 200


def test_staff_without_a_grant_see_nothing_over_the_api(own):
    issue(own, "a=1")
    browser = enter()
    assert browser.get("/api/v1/codes/").json()["results"] == []
    assert browser.get("/api/v1/miniprograms/").json() == []
