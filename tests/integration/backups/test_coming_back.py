"""Losing everything and coming back: another machine with an empty database, an empty disk and the backup."""

import json
import re
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.db import connection

from apps.clients.models import ApiClient
from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import resolve_secret
from tests.parts import make_api, make_miniprogram
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
SECRET = "0123456789abcdef0123456789abcdef"


def what_is_here():
    codes = IssuedCode.objects.order_by("pk").select_related("miniprogram")
    return [
        [c.pk, c.miniprogram.appid, c.scene, c.label, c.issued_at.isoformat(), sha256(bytes_of(c)).hexdigest()]
        for c in codes
    ]


def bytes_of(code):
    with default_storage.open(code.image) as file:
        return file.read()


def issue(api, miniprogram, scene):
    body = {"appid": miniprogram.appid, "scene": scene, "label": f"桌 {scene}"}
    answer = api.post("/api/v1/codes/", body, format="json")
    assert answer.status_code == 201, answer.json()


@pytest.fixture
def living(sandbox):
    """A mini-program with a sealed AppSecret, a key and three codes."""
    miniprogram = make_miniprogram(sandbox, secret=SECRET)
    api = make_api()
    for scene in ("a", "b", "c"):
        issue(api, miniprogram, scene)
    return miniprogram


@pytest.fixture
def made(living, run, tmp_path):
    """The backup of `living`: its directory, with the keys in a file elsewhere."""
    finished = run("backup", "--to", str(tmp_path / "backup"), "--keys", str(tmp_path / "safe" / "keys"))
    assert finished.error == ""
    return tmp_path / "backup"


def test_codes_pictures_keys_and_secrets_are_as_before(living, made, empty_machine):
    before = what_is_here()
    finished = empty_machine.run("restore", str(made))
    assert finished.error == ""
    assert "3 codes, 3 pictures put back" in finished.said
    with empty_machine.used():
        assert what_is_here() == before
        assert {each.appid: resolve_secret(each) for each in MiniProgram.objects.all()} == {living.appid: SECRET}
        assert list(ApiClient.objects.values_list("name", flat=True)) == ["shop"]


def test_what_came_back_can_be_backed_up_and_come_back_again(living, made, empty_machine, tmp_path):
    before = what_is_here()
    assert empty_machine.run("restore", str(made)).error == ""
    assert empty_machine.run("backup", "--to", str(tmp_path / "again")).error == ""
    assert empty_machine.run("restore", str(tmp_path / "again"), "--overwrite").error == ""
    with empty_machine.used():
        assert what_is_here() == before


def test_new_rows_follow_after_the_old_ones(living, made, empty_machine):
    """Sequences came back too: the next code gets the next id and WeChat is asked with the old secret."""
    newest = max(IssuedCode.objects.values_list("pk", flat=True))
    assert empty_machine.run("restore", str(made)).error == ""
    with empty_machine.used():
        issue(make_api(name="another"), living, "new")
        assert IssuedCode.objects.get(scene="new").pk > newest


def test_a_backup_during_writes_has_the_picture_of_every_row(living, run_manage, empty_machine, tmp_path):
    stop = threading.Event()
    issued = []

    def keep_issuing():
        api = make_api(name="busy")
        with closing(connection):
            while not stop.is_set():
                issue(api, living, f"n{len(issued)}")
                issued.append(1)

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(keep_issuing)
        try:
            wait_until(lambda: writer.done() or len(issued) >= 5, 60)
            before = len(issued)
            # a process of its own takes long enough to be written beside
            finished = run_manage("backup", "--to", str(tmp_path / "busy"))
            after = len(issued)
        finally:
            stop.set()
        writer.result(60)
    assert finished.returncode == 0, finished.stderr
    assert after > before, "nothing was written during the backup"
    everything = what_is_here()
    assert empty_machine.run("restore", str(tmp_path / "busy")).error == ""
    with empty_machine.used():
        codes = what_is_here()
    assert before + 3 <= len(codes) <= after + 4
    assert codes == everything[: len(codes)]


def test_the_keys_are_a_file_apart_for_its_owner_alone_and_the_backup_shows_none(made, tmp_path):
    keys = tmp_path / "safe" / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    lines = dict(re.findall(r"^(\w+)=(.+)$", keys.read_text(), re.MULTILINE))
    assert lines == {
        "SECRET_KEY": django_settings.SECRET_KEY,
        "WXCODE_SEAL_KEYS": ",".join(django_settings.WXCODE_SEAL_KEYS),
    }
    hidden = [SECRET, django_settings.SECRET_KEY, *django_settings.WXCODE_SEAL_KEYS]
    files = [path for path in made.rglob("*") if path.is_file()]
    assert {path.name for path in files} > {"manifest.json", "pictures.tar"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [value for value in hidden if value.encode() in path.read_bytes()] == []


def test_without_the_key_nothing_is_restored_and_the_id_of_the_key_is_told(made, empty_machine):
    finished = empty_machine.run("restore", str(made), WXCODE_SEAL_KEYS=[Fernet.generate_key().decode()])
    (needed,) = json.loads((made / "manifest.json").read_text())["needed_keys"]
    assert f"(id {needed})" in finished.error
    assert "keys file" in finished.error
    assert empty_machine.run("restore", str(made)).error == ""


def test_with_the_keys_lost_for_ever_the_codes_come_back_and_the_command_says_so(made, empty_machine):
    keys = [Fernet.generate_key().decode()]
    finished = empty_machine.run("restore", str(made), "--without-keys", WXCODE_SEAL_KEYS=keys)
    assert "1 AppSecrets stay shut: paste them anew" in finished.error
    assert "3 codes, 3 pictures" in finished.said


def test_a_living_installation_is_not_overwritten_without_being_told(living, made, run):
    MiniProgram.objects.update(name="renamed since")
    refused = run("restore", str(made))
    assert "living installation (1 mini-programs, 3 issued codes)" in refused.error
    assert MiniProgram.objects.get().name == "renamed since"
