"""Every document has a Chinese twin: linked both ways, with the same headings, programs, tables and links."""

import re
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
DOCUMENTS = ["README.md", *sorted(str(path.relative_to(BASE_DIR)) for path in (BASE_DIR / "docs").rglob("*.md"))]
ENGLISH = [name for name in DOCUMENTS if not name.endswith(".zh-CN.md")]
PROGRAM = re.compile(r"^```\w*\n.*?^```$", re.MULTILINE | re.DOTALL)
# what people read in a program is translated, what machines read is not
COMMENT = re.compile(r'(?:^|(?<=\s))(?://|#) ?[^\n]*|"""[^"]*"""', re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def twin_of(name: str) -> Path:
    return BASE_DIR / f"{name.removesuffix('.md')}.zh-CN.md"


def read(path: Path) -> str:
    """The text below the line that links the other language."""
    return path.read_text("utf-8").partition("\n")[2]


def both(name: str) -> tuple[str, str]:
    if not twin_of(name).is_file():
        pytest.skip("has no twin, which another test says")
    return read(BASE_DIR / name), read(twin_of(name))


def programs(text: str) -> list[str]:
    found = [COMMENT.sub("", program) for program in PROGRAM.findall(text)]
    return ["\n".join(line.rstrip() for line in program.splitlines()) for program in found]


def headings(text: str) -> list[int]:
    """The depth of each."""
    return [len(marks) for marks in re.findall(r"^(#+) ", PROGRAM.sub("", text), re.MULTILINE)]


def rows_of_tables(text: str) -> int:
    return len(re.findall(r"^\|", PROGRAM.sub("", text), re.MULTILINE))


def links(text: str) -> list[str]:
    """Where they lead, in English; anchors are words of the language."""
    targets = (target.replace(".zh-CN.md", ".md").partition("#") for target in LINK.findall(PROGRAM.sub("", text)))
    return sorted({path + mark for path, mark, _anchor in targets})


@pytest.mark.parametrize("name", ENGLISH)
def test_it_has_a_twin_and_each_links_the_other(name: str) -> None:
    twin = twin_of(name)
    assert twin.is_file(), f"{name} is not translated yet: write {twin.relative_to(BASE_DIR)} beside it"
    first, second = ((path.read_text("utf-8").split("\n", 1)[0]) for path in (BASE_DIR / name, twin))
    assert first == f"English | [简体中文]({twin.name})", f"the first line of {name} must link its twin"
    assert second == f"[English]({Path(name).name}) | 简体中文", f"the first line of {twin.name} must link {name}"


@pytest.mark.parametrize("name", ENGLISH)
def test_the_twin_has_the_same_headings_tables_programs_and_links(name: str) -> None:
    english, chinese = both(name)
    hint = f"{twin_of(name).relative_to(BASE_DIR)} does not follow {name}: translate what has changed there"
    assert headings(chinese) == headings(english), hint
    assert rows_of_tables(chinese) == rows_of_tables(english), hint
    assert programs(chinese) == programs(english), hint
    assert links(chinese) == links(english), hint


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.endswith(".zh-CN.md")])
def test_no_twin_is_alone_and_it_leads_to_chinese_where_there_is_some(name: str) -> None:
    assert (BASE_DIR / name.replace(".zh-CN.md", ".md")).is_file(), f"{name} translates nothing"
    place = (BASE_DIR / name).parent
    for target in LINK.findall(read(BASE_DIR / name)):
        path = target.partition("#")[0]
        if path.endswith(".md") and not path.endswith(".zh-CN.md"):
            assert not (place / f"{path.removesuffix('.md')}.zh-CN.md").is_file(), f"{name} links the English {path}"


@pytest.mark.parametrize("name", [*DOCUMENTS, *(str(twin_of("README.md").relative_to(BASE_DIR)),)])
def test_its_links_lead_somewhere(name: str) -> None:
    text = (BASE_DIR / name).read_text("utf-8")
    for target in LINK.findall(PROGRAM.sub("", text)):
        path, _mark, anchor = target.partition("#")
        if "://" in path:
            continue
        found = (BASE_DIR / name).parent / path if path else BASE_DIR / name
        assert found.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), f"{name}: {target}"


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings: lower case, without punctuation, hyphens for spaces."""
    found = re.findall(r"^#+ (.*)$", PROGRAM.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_document_is_found_from_the_readme() -> None:
    seen, waiting = set(), [BASE_DIR / "README.md"]
    while waiting:
        document = waiting.pop()
        seen.add(str(document.relative_to(BASE_DIR)))
        for target in LINK.findall(document.read_text("utf-8")):
            path = (document.parent / target.partition("#")[0]).resolve()
            if path.suffix == ".md" and path.is_file() and str(path.relative_to(BASE_DIR)) not in seen:
                waiting.append(path)
    assert set(DOCUMENTS) - seen == set()


def test_a_change_of_a_program_would_be_seen() -> None:
    text = "# A\n```sh\nmake run  # starts\n```\n"
    assert programs(text) == programs(text.replace("# starts", "# 启动"))
    assert programs(text) != programs(text.replace("make run", "make test"))
