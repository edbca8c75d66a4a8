"""The guides name paths that exist, and every SDK has its guide."""

import re
from pathlib import Path

from django.urls import resolve

from apps.gateway.wechat_elsewhere import elsewhere

DOCS = Path(__file__).resolve().parents[3] / "docs"
GUIDES = [DOCS / "nginx.md", *sorted((DOCS / "moving-in").glob("*.md"))]
PATH = re.compile(r"/wechat(/(?:cgi-bin|wxa)/[a-z_/]*[a-z])")
DOORS = {
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/wxa/getwxacodeunlimit",
    "/wxa/getwxacode",
    "/cgi-bin/wxaapp/createwxaqrcode",
}


def test_every_path_below_wechat_is_a_door():
    paths = [(guide.name, path) for guide in GUIDES for path in PATH.findall(guide.read_text("utf-8"))]
    assert paths and not [named for named in paths if resolve(f"/wechat{named[1]}").func is elsewhere]


def test_the_stand_in_sends_exactly_the_doors_to_wxcode():
    locations = re.findall(r"location = (\S+)\s+\{ proxy_pass http://wxcode/wechat(\S+);", GUIDES[0].read_text("utf-8"))
    assert {seen for seen, _passed in locations} == DOORS
    assert all(seen == passed for seen, passed in locations)


def test_every_sdk_has_its_guide():
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (DOCS / "moving-in" / "README.md").read_text("utf-8")))
    written = {path.name for path in (DOCS / "moving-in").glob("*.md") if ".zh-CN" not in path.name}
    assert listed == written - {"README.md"}
