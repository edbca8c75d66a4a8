"""The guides are found from both READMEs, their links lead somewhere, and both languages hold the same programs."""

import re

import pytest

from tests.guides.blocks import GUIDES

ENGLISH = sorted(path for path in GUIDES.glob("*.md") if ".zh-CN" not in path.name)
PROGRAM = re.compile(r"^```\w+\n.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("guide", ENGLISH, ids=lambda path: path.stem)
def test_both_readmes_link_it(guide):
    assert f"docs/guides/{guide.name}" in (GUIDES.parents[1] / "README.md").read_text("utf-8")
    assert f"guides/{guide.stem}.zh-CN.md" in (GUIDES.parent / "README.zh-CN.md").read_text("utf-8")


@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.md")), ids=lambda path: path.name)
def test_its_links_lead_somewhere(guide):
    for target in re.findall(r"\]\(([^)#]+)\)", guide.read_text("utf-8")):
        assert (guide.parent / target).resolve().is_file(), target


@pytest.mark.parametrize("guide", ENGLISH, ids=lambda path: path.stem)
def test_the_chinese_twin_holds_the_same_programs(guide):
    twin = guide.with_name(f"{guide.stem}.zh-CN.md")

    def programs(path):
        # what people read in them is translated, what machines read is not
        found = PROGRAM.findall(path.read_text("utf-8"))
        return [re.sub(r'(//[^\n]*|"""[^"]*""")', "", program) for program in found]

    assert programs(twin) == programs(guide)
