"""The mini-program's onLoad of the guide reads every scene that may stand in a code."""

import json
from urllib.parse import quote

import pytest

from apps.wechat.types import SCENE_ALPHABET
from tests.unit.guides.blocks import find_blocks, need, run

SCENES = {
    "a=1&b=2": {"a": "1", "b": "2"},
    "table=7": {"table": "7"},
    "table=": {"table": ""},
    "7": {"7": ""},
    "a=1=2&": {"a": "1=2"},
    "": {},
    "".join(sorted(SCENE_ALPHABET - set("&=")))[:32]: {"".join(sorted(SCENE_ALPHABET - set("&=")))[:32]: ""},
    "k=!#$'()*+,/:;?@-._~": {"k": "!#$'()*+,/:;?@-._~"},
}


def load(tmp_path, queries):
    node = need("node", is_optional_in_ci=True)
    (program,) = find_blocks("miniprogram.md", "js")
    script = f"""
let page
globalThis.Page = made => {{ page = made }}
{program}
const queries = {json.dumps(queries)}
console.log(JSON.stringify(queries.map(query => {{
  let shown
  page.onLoad.call({{ setData(data) {{ shown = data }} }}, query)
  return [readScene(query), shown]
}})))
"""
    (tmp_path / "page.cjs").write_text(script)
    return json.loads(run(node, "page.cjs", cwd=tmp_path))


@pytest.mark.parametrize("spelled", [lambda scene: quote(scene, safe=""), lambda scene: quote(scene, safe="/:")])
def test_every_scene_comes_apart_as_it_was_put_together(tmp_path, spelled):
    read = load(tmp_path, [{"scene": spelled(scene)} for scene in SCENES])
    assert [found for found, _shown in read] == list(SCENES.values())


def test_the_page_shows_the_table(tmp_path):
    assert load(tmp_path, [{"scene": "table%3D7"}])[0][1] == {"table": "7"}


def test_a_page_that_was_opened_without_a_code_has_no_scene(tmp_path):
    assert load(tmp_path, [{}])[0][0] == {}
