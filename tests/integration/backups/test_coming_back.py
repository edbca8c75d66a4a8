"""Losing everything and coming back: another machine with an empty database, an empty disk and the backup."""

import json
import re
import stat
import threading
from contextlib import closing
from hashlib import sha256

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.db import connection

from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "0123456789abcdef0123456789abcdef"
LOOK = """
import json
from hashlib import sha256
from django.core.files.storage import default_storage
from apps.codes.models import IssuedCode
from apps.clients.models import ApiClient
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import resolve_secret
codes = IssuedCode.objects.order_by("pk").select_related("miniprogram")
print(json.dumps({
    "codes": [[c.pk, c.miniprogram.appid, c.scene, c.label, c.issued_at.isoformat(),
               sha256(default_storage.open(c.image).read()).hexdigest()] for c in codes],
    "secrets": {m.appid: resolve_secret(m) for m in MiniProgram.objects.all()},
    "clients": list(ApiClient.objects.values_list("name", flat=True)),
}))
"""


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
def made(living, run_manage, tmp_path):
    """The backup of `living`: its directory, with the keys in a file elsewhere."""
    finished = run_manage("backup", "--to", str(tmp_path / "backup"), "--keys", str(tmp_path / "safe" / "keys"))
    assert finished.returncode == 0, finished.stderr
    return tmp_path / "backup"


def test_codes_pictures_keys_and_secrets_are_as_before(living, made, empty_machine):
    finished = empty_machine.run("restore", str(made))
    assert finished.returncode == 0, finished.stderr
    assert "3 codes, 3 pictures put back" in finished.stdout
    found = json.loads(empty_machine.python(LOOK))
    assert found["codes"] == what_is_here()
    assert found["secrets"] == {living.appid: SECRET}
    assert found["clients"] == ["shop"]


def test_what_came_back_can_be_backed_up_and_come_back_again(living, made, empty_machine, tmp_path):
    assert empty_machine.run("restore", str(made)).returncode == 0
    assert empty_machine.run("backup", "--to", str(tmp_path / "again")).returncode == 0
    finished = empty_machine.run("restore", str(tmp_path / "again"), "--overwrite")
    assert finished.returncode == 0, finished.stderr
    assert json.loads(empty_machine.python(LOOK))["codes"] == what_is_here()


def test_new_rows_follow_after_the_old_ones(living, made, empty_machine, sandbox):
    """Sequences came back too: the next code gets the next id and WeChat is asked with the old secret."""
    empty_machine.run("restore", str(made))
    code = f"""
from tests.parts import make_api
answer = make_api(name="another").post(
    "/api/v1/codes/", {{"appid": "{living.appid}", "scene": "new"}}, format="json", headers={{"host": "localhost"}})
print(answer.status_code, answer.json()["id"])
"""
    status, new_id = empty_machine.python(code).split()
    assert status == "201"
    assert int(new_id) > max(IssuedCode.objects.values_list("pk", flat=True))


def test_a_backup_during_writes_has_the_picture_of_every_row(living, run_manage, empty_machine, tmp_path):
    stop = threading.Event()
    issued = []

    def keep_issuing():
        api = make_api(name="busy")
        with closing(connection):
            while not stop.is_set():
                issue(api, living, f"n{len(issued)}")
                issued.append(1)

    writer = threading.Thread(target=keep_issuing)
    writer.start()
    try:
        while len(issued) < 5:
            assert writer.is_alive()
        before = len(issued)
        finished = run_manage("backup", "--to", str(tmp_path / "busy"))
        after = len(issued)
    finally:
        stop.set()
        writer.join(30)
    assert finished.returncode == 0, finished.stderr
    assert after > before, "nothing was written during the backup"
    restored = empty_machine.run("restore", str(tmp_path / "busy"))
    assert restored.returncode == 0, restored.stderr
    codes = json.loads(empty_machine.python(LOOK))["codes"]
    assert before + 3 <= len(codes) <= after + 4
    assert codes == what_is_here()[: len(codes)]


def test_the_keys_are_a_file_apart_for_its_owner_alone(made, tmp_path):
    keys = tmp_path / "safe" / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    lines = dict(re.findall(r"^(\w+)=(.+)$", keys.read_text(), re.MULTILINE))
    assert lines == {
        "SECRET_KEY": django_settings.SECRET_KEY,
        "WXCODE_SEAL_KEYS": ",".join(django_settings.WXCODE_SEAL_KEYS),
    }


def test_neither_a_key_nor_a_secret_is_in_the_backup_itself(made):
    hidden = [SECRET, django_settings.SECRET_KEY, *django_settings.WXCODE_SEAL_KEYS]
    files = [path for path in made.rglob("*") if path.is_file()]
    assert {path.name for path in files} > {"manifest.json", "pictures.tar"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [value for value in hidden if value.encode() in path.read_bytes()] == []


def test_without_the_key_nothing_is_restored_and_the_id_of_the_key_is_told(made, empty_machine):
    finished = empty_machine.run("restore", str(made), WXCODE_SEAL_KEYS=Fernet.generate_key().decode())
    assert finished.returncode == 1
    (needed,) = json.loads((made / "manifest.json").read_text())["needed_keys"]
    assert f"(id {needed})" in finished.stderr
    assert "keys file" in finished.stderr
    assert empty_machine.run("restore", str(made)).returncode == 0


def test_with_the_keys_lost_for_ever_the_codes_come_back_and_the_command_says_so(made, empty_machine):
    key = Fernet.generate_key().decode()
    finished = empty_machine.run("restore", str(made), "--without-keys", WXCODE_SEAL_KEYS=key)
    assert finished.returncode == 1
    assert "1 AppSecrets stay shut: paste them anew" in finished.stderr
    assert "3 codes, 3 pictures" in finished.stdout


def test_a_living_installation_is_not_overwritten_without_being_told(living, made, run_manage):
    MiniProgram.objects.update(name="renamed since")
    refused = run_manage("restore", str(made))
    assert refused.returncode == 1
    assert "living installation (1 mini-programs, 3 issued codes)" in refused.stderr
    assert MiniProgram.objects.get().name == "renamed since"
