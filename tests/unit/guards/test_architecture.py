"""Who may import whom, function bodies included; no circles; no junk drawers; every module says its subject."""

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[3]
APPS = BASE_DIR / "apps"
ROW = re.compile(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", re.MULTILINE)


def table(document: str, separator: str) -> dict[str, set[str]]:
    """By module: the others that it can import, as the document's table says."""
    rows = ROW.findall((BASE_DIR / "docs" / document).read_text("utf-8"))
    return {module: set(others.strip().split(separator)) - {"–"} for module, others in rows}


MAY_IMPORT = table("architecture.md", ", ")
JUNK_DRAWERS = {"utils", "helpers", "common", "core", "misc", "base"}
MAX_LINES, MAX_LINES_OF_A_FUNCTION = 400, 60
# library -> the one room that knows it
BORDERS = {"requests": "wechat", "redis": "coordination"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(BASE_DIR).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_name(path): path for path in sorted(APPS.rglob("*.py")) if "migrations" not in path.parts}


@dataclass
class Read:
    """What is asked about a module's file."""

    docstring: str
    lines: int
    imports: set[str] = field(default_factory=set)
    has_relative_imports: bool = False
    lines_of_functions: dict[str, int] = field(default_factory=dict)


@cache
def read(module: str) -> Read:
    """Function bodies included."""
    text = SOURCES[module].read_text()
    tree = ast.parse(text)
    found = Read(ast.get_docstring(tree) or "", len(text.splitlines()))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.imports |= {f"{node.module}"} | {f"{node.module}.{alias.name}" for alias in node.names}
            found.has_relative_imports |= node.level > 0
        elif isinstance(node, ast.FunctionDef):
            found.lines_of_functions[f"{node.name}:{node.lineno}"] = (node.end_lineno or 0) - node.lineno
    return found


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "apps" and len(parts) > 1 else None


def roots(module: str) -> set[str]:
    return {name.split(".")[0] for name in read(module).imports}


def test_the_table_has_every_room():
    assert {room(module) for module in SOURCES} - {None} == set(MAY_IMPORT)


def test_the_table_is_the_same_in_chinese():
    assert table("architecture.zh-CN.md", "、") == MAY_IMPORT


def test_a_room_imports_only_the_rooms_that_it_may():
    wrong = {
        module: foreign
        for module in SOURCES
        if (here := room(module))
        and (foreign := {room(name) for name in read(module).imports} - {None, here} - MAY_IMPORT[here])
    }
    assert not wrong, f"modules and the rooms that they must not import: {wrong}"


def test_no_import_is_relative():
    """It would hide the direction."""
    assert not [module for module in SOURCES if read(module).has_relative_imports]


def test_no_room_imports_the_project():
    assert not [module for module in SOURCES if "wxcode" in roots(module)]


def test_no_module_is_in_an_import_circle():
    graph = {name: {found for found in read(name).imports if found in SOURCES and found != name} for name in SOURCES}
    while leaves := {name for name, imports in graph.items() if not imports}:
        graph = {name: imports - leaves for name, imports in graph.items() if name not in leaves}
    assert not graph, f"these import each other: {sorted(graph)}"


def test_every_module_begins_with_a_sentence():
    """The first line says the file's one subject."""
    assert not [module for module in SOURCES if not read(module).docstring.partition("\n")[0].endswith(".")]


def test_files_and_functions_stay_small():
    assert not {module: read(module).lines for module in SOURCES if read(module).lines > MAX_LINES}
    assert not {
        (module, name): lines
        for module in SOURCES
        for name, lines in read(module).lines_of_functions.items()
        if lines >= MAX_LINES_OF_A_FUNCTION
    }


def test_no_file_is_a_junk_drawer():
    assert not [module for module, path in SOURCES.items() if path.stem in JUNK_DRAWERS]


def test_only_the_border_knows_the_libraries_of_the_wire():
    assert not [
        (module, library)
        for module in SOURCES
        for library, border in BORDERS.items()
        if library in roots(module) and room(module) != border
    ]


def test_the_top_level_stays_readable():
    visible = [entry.name for entry in BASE_DIR.iterdir() if not entry.name.startswith(".")]
    assert len(set(visible) - {"__pycache__"}) <= 17, sorted(visible)
