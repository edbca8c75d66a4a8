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
# it runs once, so it is not worth much compiling
QUICK_JAVA = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


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


@pytest.fixture
def execute(env, tmp_path, monkeypatch):
    """`execute(program)`: in this process, in its own directory; the pauses that it asked for, none of them made."""

    def in_this_process(program):
        monkeypatch.chdir(tmp_path)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        pauses = []
        exec(program.replace("time.sleep(", "pauses.append("), {"pauses": pauses})
        return pauses

    return in_this_process


def test_python_waits_as_told_and_makes_one(tmp_path, execute, sandbox):
    (program,) = find_blocks("backend.md", "python")
    sandbox.fault("errcode", endpoint="/wxa/getwxacodeunlimit", errcode=-1, times=1)
    assert execute(program) == [3]
    check(tmp_path)


def test_python_says_what_the_service_advises(execute):
    (program,) = find_blocks("backend.md", "python")
    with pytest.raises(RuntimeError, match="scene"):
        execute(program.replace("table=7", "桌"))


def test_node(tmp_path, env):
    node = need("node", is_optional_in_ci=True)
    (program,) = find_blocks("backend.md", "js")
    (tmp_path / "table.mjs").write_text(program)
    check(tmp_path, run(node, "table.mjs", cwd=tmp_path, env=env))


def test_java(tmp_path, env):
    java = need("java", is_optional_in_ci=True)
    (program,) = find_blocks("backend.md", "java")
    (tmp_path / "Table.java").write_text(program)
    check(tmp_path, run(java, *QUICK_JAVA, "Table.java", cwd=tmp_path, env=env))
