"""The nginx configuration that docker-compose.yml mounts, as nginx itself reads it (drills run it before nodes)."""

import pytest

from tests.nginx_process import NginxProcess, find_nginx


@pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed (Debian: apt-get install nginx-light)")
def test_nginx_itself_finds_no_mistake(tmp_path):
    checked = NginxProcess(tmp_path / "nginx", [8101, 8102]).check()
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
