"""Texts to copy: commands for the API, and the lines with which a mini-program reads its scene."""

import json
import shlex
from urllib.parse import parse_qsl

ON_LOAD = """\
Page({{
  onLoad(query) {{
    // {scene}
    const scene = decodeURIComponent(query.scene || '')
  }}
}})"""

ON_LOAD_PATH = """\
Page({{
  onLoad(query) {{
{lines}
  }}
}})"""


def curl_issue(*, address: str, appid: str) -> str:
    """A command that issues a first code through the API."""
    body = json.dumps({"appid": appid, "scene": "table=7"})
    return (
        f"curl {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $WXCODE_API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(body)}"
    )


def curl_picture(*, address: str) -> str:
    """A command that downloads the picture at `address` of the API."""
    return f'curl -OJ -H "Authorization: Bearer $WXCODE_API_KEY" \\\n  {shlex.quote(address + "?download=1")}'


def on_load(*, scene: str) -> str:
    """What the page in the mini-program does: WeChat hands the scene over URL-encoded."""
    return ON_LOAD.format(scene=json.dumps(scene))


def on_load_path(*, path: str) -> str:
    """The same for a path with a query; empty where there is nothing to read."""
    given = dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))
    lines = [f"    query[{json.dumps(name)}] // {json.dumps(value)}" for name, value in given.items()]
    return ON_LOAD_PATH.format(lines="\n".join(lines)) if lines else ""
