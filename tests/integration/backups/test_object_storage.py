"""Backup and restore with the pictures in an S3 bucket: out of it, into another one, and left where they are."""

import secrets
import tarfile

import pytest
from django.conf import settings as django_settings

from apps.codes.models import IssuedCode
from tests.object_storage import ObjectStorageProcess
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def s3():
    with ObjectStorageProcess() as process:
        yield process


def storages(s3, bucket):
    """The setting that has the pictures in that bucket."""
    pictures = {"BACKEND": "apps.codes.object_storage.ObjectStorage", "OPTIONS": s3.options(bucket)}
    return django_settings.STORAGES | {"default": pictures}


@pytest.fixture
def living(s3, sandbox, settings):
    """Three codes with their pictures in a bucket of this test's; its name."""
    bucket = f"living-{secrets.token_hex(8)}"
    s3.make_bucket(bucket)
    settings.STORAGES = storages(s3, bucket)
    miniprogram, api = make_miniprogram(sandbox), make_api()
    for scene in ("a", "b", "c"):
        answer = api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": scene}, format="json")
        assert answer.status_code == 201, answer.json()
    return bucket


def test_the_pictures_of_a_bucket_come_back_into_another_one(s3, living, run, empty_machine, tmp_path):
    names = set(IssuedCode.objects.values_list("image", flat=True))
    assert run("backup", "--to", str(tmp_path / "backup")).error == ""
    with tarfile.open(tmp_path / "backup" / "pictures.tar") as archive:
        assert len(archive.getnames()) == 3
    other = f"other-{living}"
    s3.make_bucket(other)
    restored = empty_machine.run("restore", str(tmp_path / "backup"), STORAGES=storages(s3, other))
    assert restored.error == ""
    assert "3 codes, 3 pictures put back" in restored.said
    assert s3.objects(other) == s3.objects(living)
    assert set(s3.objects(other)) == names


def test_pictures_that_a_bucket_keeps_itself_stay_where_they_are(living, run, empty_machine, tmp_path):
    assert run("backup", "--no-pictures", "--to", str(tmp_path / "backup")).error == ""
    assert not (tmp_path / "backup" / "pictures.tar").exists()
    assert empty_machine.run("restore", str(tmp_path / "backup")).error == ""


def test_a_picture_that_the_bucket_lost_is_told_by_the_backup(s3, living, run, tmp_path):
    name = IssuedCode.objects.values_list("image", flat=True).first()
    s3.client().delete_object(Bucket=living, Key=name)
    assert name in run("backup", "--to", str(tmp_path / "backup")).error


def test_a_bucket_that_does_not_answer_ends_the_backup_in_words(living, run, settings, tmp_path):
    settings.STORAGES = storages(ObjectStorageProcess(), living)
    assert "does not give" in run("backup", "--to", str(tmp_path / "backup")).error
    assert not (tmp_path / "backup").exists()
