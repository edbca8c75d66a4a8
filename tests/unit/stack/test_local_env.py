"""What `make run` makes up for a data directory, and what it leaves to those who set it themselves."""

import socket
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet

from wxcode.stack import local_env


def test_everything_that_a_run_needs_is_made_up(tmp_path):
    local = local_env.complete(tmp_path, {})
    assert set(local) == {"SECRET_KEY", "WXCODE_SEAL_KEYS", "HTTPS_ONLY", "REDIS_URL", "SANDBOX_URL"}
    assert Fernet(local["WXCODE_SEAL_KEYS"])
    assert local["HTTPS_ONLY"] == "false"


def test_the_second_run_has_the_same_values(tmp_path):
    assert local_env.complete(tmp_path, {}) == local_env.complete(tmp_path, {})


def test_the_file_is_for_its_owner_alone(tmp_path):
    local_env.complete(tmp_path, {})
    assert (tmp_path / "local.env").stat().st_mode & 0o777 == 0o600


def test_a_stranger_cannot_open_the_file_while_it_is_rewritten(tmp_path):
    (tmp_path / "local.new").write_text("left by a run that was killed")
    (tmp_path / "local.new").chmod(0o644)
    local_env.complete(tmp_path, {})
    assert (tmp_path / "local.env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["SECRET_KEY", "WXCODE_SEAL_KEYS", "REDIS_URL", "SANDBOX_URL", "HTTPS_ONLY"])
def test_what_is_given_wins(tmp_path, name):
    assert name not in local_env.complete(tmp_path, {name: "redis://given"})


def test_an_empty_value_is_not_given(tmp_path):
    assert "REDIS_URL" in local_env.complete(tmp_path, {"REDIS_URL": ""})


def test_a_busy_port_is_replaced_and_the_password_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(local_env, "PORT_PATIENCE_SECONDS", 0.0)
    before = urlsplit(local_env.complete(tmp_path, {})["REDIS_URL"])
    with socket.create_server(("127.0.0.1", before.port)):
        after = urlsplit(local_env.complete(tmp_path, {})["REDIS_URL"])
    assert after.port != before.port
    assert after.password == before.password
