"""Backup and restore with the pictures in an S3 bucket: out of it, into another one, and left where they are."""

import json
import tarfile

import pytest

from apps.codes.models import IssuedCode
from tests.object_storage import ObjectStorageProcess
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def s3():
    with ObjectStorageProcess() as process:
        yield process


def variables(s3, bucket):
    return {"MEDIA_STORAGE": "s3", "MEDIA_STORAGE_OPTIONS": json.dumps(s3.options(bucket))}


@pytest.fixture
def run_with(run_manage, process_environment):
    def run(*words, **variables):
        return run_manage(*words, env=process_environment | variables)

    return run


@pytest.fixture
def living(s3, sandbox, settings, request):
    """Three codes with their pictures in a bucket of this test's; its name."""
    bucket = f"living-{abs(hash(request.node.name)):x}"
    s3.make_bucket(bucket)
    storage = {"BACKEND": "apps.codes.object_storage.ObjectStorage", "OPTIONS": s3.options(bucket)}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    miniprogram, api = make_miniprogram(sandbox), make_api()
    for scene in ("a", "b", "c"):
        answer = api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": scene}, format="json")
        assert answer.status_code == 201, answer.json()
    return bucket


def test_the_pictures_of_a_bucket_come_back_into_another_one(s3, living, run_with, empty_machine, tmp_path):
    made = run_with("backup", "--to", str(tmp_path / "backup"), **variables(s3, living))
    assert made.returncode == 0, made.stderr
    with tarfile.open(tmp_path / "backup" / "pictures.tar") as archive:
        assert len(archive.getnames()) == 3
    other = f"other-{living}"
    s3.make_bucket(other)
    restored = empty_machine.run("restore", str(tmp_path / "backup"), **variables(s3, other))
    assert restored.returncode == 0, restored.stderr
    assert "3 codes, 3 pictures put back" in restored.stdout
    assert s3.objects(other) == s3.objects(living)
    assert set(s3.objects(other)) == set(IssuedCode.objects.values_list("image", flat=True))


def test_pictures_that_a_bucket_keeps_itself_stay_where_they_are(s3, living, run_with, empty_machine, tmp_path):
    made = run_with("backup", "--no-pictures", "--to", str(tmp_path / "backup"), **variables(s3, living))
    assert made.returncode == 0, made.stderr
    assert not (tmp_path / "backup" / "pictures.tar").exists()
    restored = empty_machine.run("restore", str(tmp_path / "backup"), **variables(s3, living))
    assert restored.returncode == 0, restored.stderr


def test_a_picture_that_the_bucket_lost_is_told_by_the_backup(s3, living, run_with, tmp_path):
    name = IssuedCode.objects.values_list("image", flat=True).first()
    s3.client().delete_object(Bucket=living, Key=name)
    made = run_with("backup", "--to", str(tmp_path / "backup"), **variables(s3, living))
    assert made.returncode == 1
    assert name in made.stderr


def test_a_bucket_that_does_not_answer_ends_the_backup_in_words(s3, living, run_with, tmp_path):
    gone = ObjectStorageProcess()
    made = run_with("backup", "--to", str(tmp_path / "backup"), **variables(gone, living))
    assert made.returncode == 1
    assert "does not give" in made.stderr and "Traceback" not in made.stderr
    assert not (tmp_path / "backup").exists()
