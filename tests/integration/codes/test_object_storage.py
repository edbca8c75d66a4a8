"""Pictures in S3-compatible object storage by settings alone: written, read, shrunk, missing, refused, unreachable."""

import json
import threading
from hashlib import sha256

import pytest
from botocore.exceptions import ClientError
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.codes.models import IssuedCode
from apps.codes.object_storage import ObjectStorage, ObjectStorageFault
from apps.monitoring.storage import forget_storage
from tests.object_storage import ObjectStorageProcess
from tests.parts import make_api, make_miniprogram
from wxcode import environment as env

pytestmark = pytest.mark.django_db
BUCKET = "codes"


@pytest.fixture(scope="module")
def s3():
    with ObjectStorageProcess() as process:
        yield process


@pytest.fixture
def bucket(s3, request):
    name = f"codes-{abs(hash(request.node.name)):x}"
    s3.make_bucket(name)
    return name


def use(settings, options, *, storage="s3"):
    """What MEDIA_STORAGE and MEDIA_STORAGE_OPTIONS make of the settings."""
    storage = {"BACKEND": env.storage_class(storage), "OPTIONS": env.json_object(json.dumps(options))}
    settings.STORAGES = settings.STORAGES | {"default": storage}


@pytest.fixture
def in_bucket(s3, bucket, settings):
    use(settings, s3.options(bucket))
    return bucket


def issue(sandbox, api=None, scene="table=7"):
    miniprogram = make_miniprogram(sandbox)
    body = {"appid": miniprogram.appid, "scene": scene}
    return (api or make_api()).post("/api/v1/codes/", body, format="json")


def test_a_picture_is_written_to_the_bucket_and_read_from_it(sandbox, s3, in_bucket):
    api = make_api()
    code = issue(sandbox, api).json()
    stored = s3.objects(in_bucket)
    row = IssuedCode.objects.get(pk=code["id"])
    assert list(stored) == [row.image]
    assert sha256(stored[row.image]).hexdigest() == row.image_sha256
    answer = api.get(f"/api/v1/codes/{code['id']}/image")
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/jpeg", stored[row.image])
    assert s3.client().head_object(Bucket=in_bucket, Key=row.image)["ContentType"] == "image/jpeg"


def test_a_smaller_copy_is_made_once_and_kept_in_the_bucket(sandbox, s3, in_bucket):
    api = make_api()
    code = issue(sandbox, api).json()
    first = api.get(f"/api/v1/codes/{code['id']}/image?width=160")
    copies = {name: content for name, content in s3.objects(in_bucket).items() if name.startswith("copies/160/")}
    assert list(copies.values()) == [first.content]
    # the kept copy is what the second reader gets, not another one made from the original
    s3.client().delete_object(Bucket=in_bucket, Key=IssuedCode.objects.get(pk=code["id"]).image)
    assert api.get(f"/api/v1/codes/{code['id']}/image?width=160").content == first.content


def test_a_picture_that_was_deleted_from_the_bucket_is_told_as_gone(sandbox, s3, in_bucket):
    api = make_api()
    code = issue(sandbox, api).json()
    s3.client().delete_object(Bucket=in_bucket, Key=IssuedCode.objects.get(pk=code["id"]).image)
    answer = api.get(f"/api/v1/codes/{code['id']}/image")
    assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")


def test_without_its_bucket_nothing_is_recorded_and_readyz_says_why(sandbox, s3, settings, client):
    use(settings, s3.options("nobody-made-this"))
    answer = issue(sandbox)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert "NoSuchBucket" in answer.json()["detail"]
    assert not IssuedCode.objects.exists()
    assert client.get("/readyz").json()["storage"].startswith("failed")


def test_an_object_storage_that_is_away_is_503_and_no_address_is_told(sandbox, settings, client):
    gone = ObjectStorageProcess()
    use(settings, gone.options(BUCKET))
    answer = issue(sandbox)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert str(gone.port) not in answer.content.decode()
    assert client.get("/readyz").json()["storage"] == "failed: ObjectStorageFault"


def test_readyz_is_content_with_a_bucket_that_is_there(in_bucket, client):
    assert client.get("/readyz").json()["storage"].startswith("ok")


def test_a_bucket_that_may_only_be_read_is_not_ready(s3, in_bucket, client, monkeypatch):
    def refuse(**request):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    monkeypatch.setattr(default_storage.client, "put_object", refuse)
    with pytest.raises(ObjectStorageFault, match="AccessDenied"):
        default_storage.probe()
    assert client.get("/readyz").json()["storage"].startswith("failed")
    monkeypatch.undo()
    forget_storage()
    for _look in range(3):
        default_storage.probe()
    assert client.get("/readyz").json()["storage"].startswith("ok")
    assert list(s3.objects(in_bucket)) == ["readyz"]


def test_a_table_between_check_and_start_is_kept_there_and_tidied_away(s3, in_bucket):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from apps.batches import uploads

    kept = uploads.keep_upload(SimpleUploadedFile("t.csv", b"scene\na\n"), owner="1")
    again = uploads.open_upload(kept.token, owner="1")
    assert again.file.read() == b"scene\na\n"
    assert uploads.tidy_uploads(now=9e9) == 1
    assert s3.objects(in_bucket) == {}
    with pytest.raises(uploads.UploadGone):
        uploads.open_upload(kept.token, owner="1")


def test_threads_share_one_client_and_none_mixes_up_pictures(s3, bucket):
    storage = ObjectStorage(**s3.options(bucket))
    clients, wrong = set(), []

    def work(number):
        name, content = f"codes/{number}.jpg", bytes([number]) * 50_000
        storage.save(name, ContentFile(content))
        clients.add(id(storage.client))
        if storage.open(name).read() != content:
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(s3.objects(bucket)), wrong, len(clients)) == (16, [], 1)


def test_saving_twice_leaves_one_file_under_its_own_name(s3, bucket):
    storage = ObjectStorage(**s3.options(bucket))
    assert [storage.save("codes/a.jpg", ContentFile(b"picture")) for _time in range(2)] == ["codes/a.jpg"] * 2
    assert s3.objects(bucket) == {"codes/a.jpg": b"picture"}


def test_a_refusal_is_named_by_its_code(s3):
    with pytest.raises(ObjectStorageFault) as refused:
        ObjectStorage(**s3.options("nobody-made-this")).save("codes/a.jpg", ContentFile(b"picture"))
    assert refused.value.strerror == "NoSuchBucket"


def test_a_storage_without_a_bucket_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match="bucket_name"):
        ObjectStorage(endpoint_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("storage", "options"),
    [("s3", {}), ("s3", {"bucket_name": "codes", "pasword": "hush-hush"}), ("apps.no.Storage", {})],
)
def test_settings_that_make_no_storage_are_an_error_in_words(settings, storage, options):
    use(settings, options, storage=storage)
    (error,) = [message for message in run_checks() if message.id == "wxcode.E004"]
    assert error.is_serious() and "hush-hush" not in f"{error.msg} {error.hint}"


def test_settings_that_make_no_storage_stop_the_start(run_manage, process_environment):
    process_environment |= {"MEDIA_STORAGE": "s3", "MEDIA_STORAGE_OPTIONS": '{"pasword": "hush-hush"}'}
    finished = run_manage("check")
    assert finished.returncode == 1
    assert "wxcode.E004" in finished.stderr and "hush-hush" not in finished.stderr
