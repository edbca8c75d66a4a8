"""`NAME_FILE`: a setting whose value is mounted as a file, so that it is in no process's environment."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from wxcode import environment as env


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    monkeypatch.delenv("SOME_SECRET", raising=False)
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))
    return tmp_path / "secret"


def test_the_value_is_read_from_the_file_without_its_line_end(mounted):
    mounted.write_text("the value\n")
    assert env.read("SOME_SECRET", env.text) == "the value"


def test_a_value_in_the_environment_goes_first(mounted, monkeypatch):
    mounted.write_text("from the file")
    monkeypatch.setenv("SOME_SECRET", "from the environment")
    assert env.read("SOME_SECRET", env.text) == "from the environment"


def test_a_file_that_is_not_there_stops_the_start_even_with_a_default(mounted):
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET_FILE names .*secret, which cannot be read"):
        env.read("SOME_SECRET", env.text, "a default")


def test_a_malformed_value_is_refused_without_being_shown(mounted):
    mounted.write_text("not-a-key")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.read("SOME_SECRET", env.seal_keys)
    assert "not-a-key" not in str(refused.value)


def test_a_named_file_goes_before_what_a_local_run_made_up(mounted, tmp_path, monkeypatch):
    mounted.write_text("from the file")
    (tmp_path / "local.env").write_text("SOME_SECRET=made up\n")
    monkeypatch.setenv("WXCODE_DATA_DIR", str(tmp_path))
    env.load_files()
    assert env.read("SOME_SECRET", env.text) == "from the file"
