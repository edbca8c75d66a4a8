"""The guides name paths that exist, links that lead somewhere, and settings that are read."""

import re
from pathlib import Path

import pytest
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


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(guide):
    for target in re.findall(r"\]\(([^)]+)\)", guide.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        place = (guide.parent / name).resolve()
        assert place.is_file(), target
        assert not anchor or anchor in anchors(place), target


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_path_below_wechat_is_a_door(guide):
    for path in PATH.findall(guide.read_text("utf-8")):
        assert resolve(f"/wechat{path}").func is not elsewhere, path


def test_the_stand_in_sends_exactly_the_doors_to_wxcode():
    locations = re.findall(r"location = (\S+)\s+\{ proxy_pass http://wxcode/wechat(\S+);", GUIDES[0].read_text("utf-8"))
    assert {seen for seen, _passed in locations} == DOORS
    assert all(seen == passed for seen, passed in locations)


def test_every_sdk_has_its_guide():
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (DOCS / "moving-in" / "README.md").read_text("utf-8")))
    written = {path.name for path in (DOCS / "moving-in").glob("*.md") if ".zh-CN" not in path.name}
    assert listed == written - {"README.md"}
