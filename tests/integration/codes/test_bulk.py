"""Many codes at once: found by digest, written together, checked by the sentences of a single code."""

import pytest

from apps.codes.bulk import find_external_ids, find_identical_ids, insert_codes
from apps.codes.checking import find_field_problems
from apps.codes.models import IssuedCode
from apps.codes.requests import code_request, digest
from tests.parts import ISSUER, make_miniprogram


def new_code(miniprogram, scene, **fields):
    request = code_request(miniprogram, scene=scene)
    return IssuedCode(
        miniprogram=miniprogram,
        scene=scene,
        env_version="release",
        check_path=True,
        digest=digest(request),
        image="codes/x.jpg",
        image_sha256="0" * 64,
        image_size=1,
        image_width=430,
        media_type="image/jpeg",
        issued_by=ISSUER.label,
        door=ISSUER.door,
        **fields,
    )


@pytest.mark.both_databases
@pytest.mark.django_db
def test_new_codes_are_written_with_their_tags_in_few_queries(django_assert_max_num_queries):
    miniprogram = make_miniprogram()
    codes = [new_code(miniprogram, f"n={n}") for n in range(50)]
    with django_assert_max_num_queries(9):
        ids = insert_codes(codes, tags={code.digest: ["hall", "2026"] for code in codes})
    assert len(ids) == 50
    assert {tag.name for tag in IssuedCode.objects.get(scene="n=7").tags.all()} == {"hall", "2026"}


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_code_that_somebody_else_saved_meanwhile_is_answered():
    miniprogram = make_miniprogram()
    theirs = new_code(miniprogram, "a")
    theirs.save()
    ids = insert_codes([new_code(miniprogram, "a"), new_code(miniprogram, "b")], tags={})
    assert ids[theirs.digest] == theirs.pk
    assert IssuedCode.objects.count() == 2
    assert find_identical_ids(miniprogram, ids) == ids


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_taken_external_id_is_missing_in_the_answer():
    miniprogram = make_miniprogram()
    client_id = make_client()
    first = new_code(miniprogram, "a", external_id="t1", client_id=client_id)
    second = new_code(miniprogram, "b", external_id="t1", client_id=client_id)
    assert set(insert_codes([first], tags={})) == {first.digest}
    assert insert_codes([second], tags={}) == {}
    assert find_external_ids(client_id, ["t1", "t2"]) == {"t1": first.digest}


def make_client():
    from apps.clients.services import create_client

    return create_client(name="shop", scopes=["codes:create"])[0].pk


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"scene": "桌1"}, "scene", "Not allowed"),
        ({"page": "/pages/a"}, "page", "leading slash"),
        ({"width": 10}, "width", "280"),
        ({"width": "wide"}, "width", "whole number"),
        ({"env_version": "beta"}, "env_version", "release"),
        ({"label": "x" * 101}, "label", "1 characters too long"),
        ({"external_id": "a\nb"}, "external_id", "invisible"),
        ({"tags": ["x" * 51]}, "tags", "too long"),
        ({"tags": [str(n) for n in range(21)]}, "tags", "At most 20"),
    ],
)
def test_every_field_has_its_problem(fields, field, words):
    assert words in find_field_problems(fields)[field][0]


def test_good_fields_have_no_problem():
    good = {"scene": "table=1", "page": "pages/a", "width": 430, "env_version": "trial", "label": "桌", "tags": ["a"]}
    assert find_field_problems(good) == {}
