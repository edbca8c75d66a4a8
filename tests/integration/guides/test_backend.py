"""Every program of the guide for back ends runs as it stands there, and saves the picture of table 7."""

import io
import sys

import pytest
from PIL import Image

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.sandbox.metadata import read_metadata
from tests.parts import make_miniprogram
from tests.unit.guides.blocks import find_blocks, need, run

pytestmark = pytest.mark.django_db(transaction=True)
APPID = "wx0123456789abcdef"


@pytest.fixture
def shop(sandbox):
    return make_miniprogram(sandbox, appid=APPID)


@pytest.fixture
def env(live_server, shop):
    _client, key = create_client(name="shop", scopes=["codes:create", "codes:read"], appids=[APPID])
    return {"WXCODE_URL": live_server.url, "WXCODE_KEY": key}


def check(place, printed=None):
    code = IssuedCode.objects.get()
    assert (code.scene, code.page) == ("table=7", "pages/index/index")
    picture = (place / "table-7.jpg").read_bytes()
    assert Image.open(io.BytesIO(picture)).size == (430, 430)
    assert read_metadata(picture)["scene"] == "table=7"
    assert printed is None or printed == str(code.pk)


def test_curl(tmp_path, env):
    need("curl")
    (script,) = find_blocks("backend.md", "sh")
    run("sh", "-eu", cwd=tmp_path, env=env, input=script)
    check(tmp_path)


def test_python(tmp_path, env):
    (program,) = find_blocks("backend.md", "python")
    printed = run(sys.executable, "-", cwd=tmp_path, env=env, input=program)
    check(tmp_path, printed)


def test_python_waits_as_told_and_makes_one(tmp_path, env, sandbox):
    (program,) = find_blocks("backend.md", "python")
    sandbox.fault("errcode", endpoint="/wxa/getwxacodeunlimit", errcode=-1, times=1)
    run(sys.executable, "-", cwd=tmp_path, env=env, input=program)
    check(tmp_path)


def test_python_says_what_the_service_advises(tmp_path, env):
    (program,) = find_blocks("backend.md", "python")
    with pytest.raises(AssertionError, match="scene"):
        run(sys.executable, "-", cwd=tmp_path, env=env, input=program.replace("table=7", "桌"))


def test_node(tmp_path, env):
    node = need("node", is_optional_in_ci=True)
    (program,) = find_blocks("backend.md", "js")
    (tmp_path / "table.mjs").write_text(program)
    check(tmp_path, run(node, "table.mjs", cwd=tmp_path, env=env))


def test_java(tmp_path, env):
    java = need("java", is_optional_in_ci=True)
    (program,) = find_blocks("backend.md", "java")
    (tmp_path / "Table.java").write_text(program)
    check(tmp_path, run(java, "-Xmx128m", "Table.java", cwd=tmp_path, env=env))
