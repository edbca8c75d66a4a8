"""Every document has a Chinese twin: linked both ways, with the same headings, programs, tables and links."""

import re
from functools import cache
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[3]
DOCUMENTS = ["README.md", *sorted(str(path.relative_to(BASE_DIR)) for path in (BASE_DIR / "docs").rglob("*.md"))]
ENGLISH = [name for name in DOCUMENTS if not name.endswith(".zh-CN.md")]
PROGRAM = re.compile(r"^```\w*\n.*?^```$", re.MULTILINE | re.DOTALL)
# what people read in a program is translated, what machines read is not
COMMENT = re.compile(r'(?:^|(?<=\s))(?://|#) ?[^\n]*|"""[^"]*"""', re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def twin_of(name: str) -> Path:
    return BASE_DIR / f"{name.removesuffix('.md')}.zh-CN.md"


@cache
def whole(path: Path) -> str:
    return path.read_text("utf-8")


def read(path: Path) -> str:
    """The text below the line that links the other language."""
    return whole(path).partition("\n")[2]


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


def test_every_document_has_a_twin_and_each_links_the_other() -> None:
    alone = [name for name in ENGLISH if not twin_of(name).is_file()]
    assert not alone, "these are not translated yet: write NAME.zh-CN.md beside them"
    unlinked = []
    for name in ENGLISH:
        twin = twin_of(name)
        first, second = (whole(path).partition("\n")[0] for path in (BASE_DIR / name, twin))
        if first != f"English | [简体中文]({twin.name})" or second != f"[English]({Path(name).name}) | 简体中文":
            unlinked.append(name)
    assert not unlinked, "the first line of these and of their twins must link the other"


def test_a_twin_has_the_same_headings_tables_programs_and_links() -> None:
    different = [
        (name, of_both.__name__)
        for name in ENGLISH
        for of_both in (headings, rows_of_tables, programs, links)
        if of_both(read(BASE_DIR / name)) != of_both(read(twin_of(name)))
    ]
    assert not different, "translate what has changed there"


def test_no_twin_is_alone_and_it_leads_to_chinese_where_there_is_some() -> None:
    chinese = [name for name in DOCUMENTS if name.endswith(".zh-CN.md")]
    assert not [name for name in chinese if not (BASE_DIR / name.replace(".zh-CN.md", ".md")).is_file()]
    to_english = [
        (name, path)
        for name in chinese
        for path in (target.partition("#")[0] for target in LINK.findall(read(BASE_DIR / name)))
        if path.endswith(".md")
        and not path.endswith(".zh-CN.md")
        and ((BASE_DIR / name).parent / f"{path.removesuffix('.md')}.zh-CN.md").is_file()
    ]
    assert not to_english


def test_every_link_leads_somewhere() -> None:
    lost = []
    for document in [*(BASE_DIR / name for name in [*DOCUMENTS, ".github/SECURITY.md"]), twin_of("README.md")]:
        for target in LINK.findall(PROGRAM.sub("", whole(document))):
            path, _mark, anchor = target.partition("#")
            if "://" in path:
                continue
            found = document.parent / path if path else document
            if not found.exists() or (anchor and anchor not in anchors(whole(found))):
                lost.append((document.name, target))
    assert not lost


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings: lower case, without punctuation, hyphens for spaces."""
    found = re.findall(r"^#+ (.*)$", PROGRAM.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_document_is_found_from_the_readme() -> None:
    seen, waiting = set(), [BASE_DIR / "README.md"]
    while waiting:
        document = waiting.pop()
        seen.add(str(document.relative_to(BASE_DIR)))
        for target in LINK.findall(whole(document)):
            path = (document.parent / target.partition("#")[0]).resolve()
            if path.suffix == ".md" and path.is_file() and str(path.relative_to(BASE_DIR)) not in seen:
                waiting.append(path)
    assert set(DOCUMENTS) - seen == set()


def test_a_change_of_a_program_would_be_seen() -> None:
    text = "# A\n```sh\nmake run  # starts\n```\n"
    assert programs(text) == programs(text.replace("# starts", "# 启动"))
    assert programs(text) != programs(text.replace("make run", "make test"))
