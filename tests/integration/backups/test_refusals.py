"""Backups that are damaged, foreign or in the way, and the sentence for each; nothing is changed by a refusal."""

import json
import os
import shutil
import subprocess
import tarfile

import pytest
from django.db import connection

from apps.backups.databases import dump_database
from apps.backups.manifest import BackupRefused, file_sha256, read_manifest
from apps.backups.picture_archive import load_pictures
from apps.codes.models import IssuedCode
from tests.parts import make_api, make_miniprogram
from tests.plugin import BASE_DIR

pytestmark = pytest.mark.django_db(transaction=True)
needs_postgres = pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgres", reason="about PostgreSQL")


@pytest.fixture
def backup(sandbox, run, tmp_path):
    miniprogram = make_miniprogram(sandbox)
    body = {"appid": miniprogram.appid, "scene": "table=7"}
    assert make_api().post("/api/v1/codes/", body, format="json").status_code == 201
    assert run("backup", "--to", str(tmp_path / "backup")).error == ""
    return tmp_path / "backup"


def rewrite(backup, **changes):
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(manifest | changes))


def test_a_flipped_byte_is_noticed_before_anything_is_changed(backup, empty_machine):
    archive = backup / "pictures.tar"
    content = bytearray(archive.read_bytes())
    content[1000] ^= 1
    archive.write_bytes(content)
    assert "pictures.tar is damaged" in empty_machine.run("restore", str(backup)).error
    assert not empty_machine.directory.exists()


def test_a_half_copied_backup_is_refused(backup):
    (backup / "pictures.tar").unlink()
    with pytest.raises(BackupRefused, match="pictures.tar cannot be read"):
        read_manifest(backup)


def test_a_directory_that_is_no_backup_is_refused(run, tmp_path):
    assert "is no backup: it has no manifest.json" in run("restore", str(tmp_path)).error


def test_a_backup_of_a_newer_version_is_refused_by_name(backup, empty_machine):
    manifest = json.loads((backup / "manifest.json").read_text())
    rewrite(backup, migrations=[*manifest["migrations"], "codes.0099_tomorrow"])
    error = empty_machine.run("restore", str(backup)).error
    assert "made by a newer wxcode (it has codes.0099_tomorrow)" in error


def test_a_backup_of_another_kind_of_database_is_refused(backup, empty_machine):
    rewrite(backup, vendor="oracle")
    assert "This is a backup of oracle" in empty_machine.run("restore", str(backup)).error


def test_an_existing_directory_or_keys_file_is_never_written_over(backup, run, tmp_path):
    again = run("backup", "--to", str(backup))
    assert "exists already: name another directory" in again.error
    same_keys = run("backup", "--to", str(tmp_path / "second"), "--keys", str(tmp_path / "backup.keys"))
    assert "exists already: name another file for the keys" in same_keys.error
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup", "backup.keys"]
    assert not (tmp_path / "second").exists()


def test_keys_inside_the_backup_are_refused(run, tmp_path):
    error = run("backup", "--to", str(tmp_path / "b"), "--keys", str(tmp_path / "b" / "keys")).error
    assert "must not lie inside the backup" in error


def test_a_missing_picture_is_named_and_the_rest_is_kept(backup, run, settings, tmp_path):
    code = IssuedCode.objects.get()
    (settings.MEDIA_ROOT / code.image).unlink()
    error = run("backup", "--to", str(tmp_path / "second")).error
    assert f"1 pictures are missing or damaged, like {code.image}" in error
    assert read_manifest(tmp_path / "second").missing_pictures == [code.image]


def test_a_damaged_picture_is_replaced_by_the_good_one(backup, run, settings):
    place = settings.MEDIA_ROOT / IssuedCode.objects.get().image
    good = place.read_bytes()
    place.write_bytes(b"rotten")
    assert run("restore", str(backup), "--overwrite").error == ""
    assert place.read_bytes() == good


def test_a_name_that_leaves_the_storage_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        archive.add(tmp_path / "x", arcname="codes/../../../outside")
    with pytest.raises(BackupRefused, match="forbidden name"):
        load_pictures(tmp_path / "bad.tar")


def test_a_restore_without_pictures_says_which_are_missing(backup, run, empty_machine, tmp_path):
    assert run("backup", "--to", str(tmp_path / "bare"), "--no-pictures").error == ""
    assert "1 pictures are missing" in empty_machine.run("restore", str(tmp_path / "bare")).error


@pytest.mark.both_databases
@needs_postgres
def test_without_pg_dump_the_sentence_says_what_to_install(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    error = run("backup", "--to", str(tmp_path / "b")).error
    assert "pg_dump is not on this machine" in error
    assert "postgresql-client" in error
    assert not any(tmp_path.glob("*b*unfinished*"))


@pytest.mark.both_databases
@needs_postgres
def test_a_dump_is_encrypted_if_the_connection_has_to_be(tmp_path, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "sslmode", "require")
    with pytest.raises(BackupRefused, match="server does not support SSL"):
        dump_database(tmp_path)


@pytest.mark.both_databases
@needs_postgres
def test_a_dump_that_cannot_be_read_leaves_the_database_as_it_was(backup, run):
    (backup / "database.dump").write_bytes(b"PGDMP" + b"\0" * 100)
    rewrite(
        backup,
        files={name: file_sha256(backup / name) for name in ("database.dump", "pictures.tar")},
    )
    assert "pg_restore failed" in run("restore", str(backup), "--overwrite").error
    assert IssuedCode.objects.count() == 1


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgres", reason="about SQLite")
def test_an_sqlite_file_that_is_none_leaves_the_database_as_it_was(backup, run):
    (backup / "database.sqlite3").write_bytes(b"not a database" * 100)
    rewrite(
        backup,
        files={name: file_sha256(backup / name) for name in ("database.sqlite3", "pictures.tar")},
    )
    assert "is damaged" in run("restore", str(backup), "--overwrite").error
    assert IssuedCode.objects.count() == 1


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_the_verbs_of_make_do_the_same(backup, empty_machine, process_environment, tmp_path):
    """Processes that know the other machine alone, and bring its keys."""
    known = {name: v for name, v in process_environment.items() if name not in ("SECRET_KEY", "WXCODE_SEAL_KEYS")}

    def make(*words):
        environment = known | empty_machine.variables
        command = ["make", *words]
        finished = subprocess.run(
            command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    said = make("restore", f"FROM={backup}", f"KEYS={tmp_path / 'backup.keys'}")
    assert "1 codes, 1 pictures put back" in said
    with empty_machine.used():
        assert IssuedCode.objects.get().scene == "table=7"
    make("backup", f"TO={tmp_path / 'by-make'}")
    assert (tmp_path / "by-make.keys").exists()
