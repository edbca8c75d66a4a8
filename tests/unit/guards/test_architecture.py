"""Who may import whom, function bodies included; no circles; no junk drawers; every module says its subject."""

import ast
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
APPS = BASE_DIR / "apps"
MAY_IMPORT = {
    "errors": set(),
    "prepared": set(),
    "retold": set(),
    "wechat": {"errors"},
    "coordination": {"retold", "errors"},
    "sandbox": set(),
    "api": {"errors"},
    "tables": set(),
    "miniprograms": {"tables", "wechat", "errors"},
    "clients": {"miniprograms", "coordination", "prepared", "tables", "errors"},
    "accounts": {"miniprograms", "clients", "coordination", "tables", "errors"},
    "tokens": {"miniprograms", "clients", "wechat", "coordination", "api", "tables", "retold", "errors"},
    "codes": {"tokens", "miniprograms", "clients", "wechat", "coordination", "api", "tables", "prepared", "errors"},
    "exports": {"codes", "api", "tables", "errors"},
    "batches": {"exports", "codes", "miniprograms", "clients", "coordination", "api", "tables", "retold", "errors"},
    "selections": {"exports", "codes", "miniprograms", "errors"},
    "gallery": {"selections", "batches", "exports", "codes", "miniprograms", "retold", "errors"},
    "overview": {
        "batches",
        "codes",
        "tokens",
        "miniprograms",
        "clients",
        "wechat",
        "coordination",
        "tables",
        "retold",
        "errors",
    },
    "monitoring": {
        "batches",
        "tokens",
        "miniprograms",
        "clients",
        "wechat",
        "coordination",
        "api",
        "errors",
    },
    "backups": {"accounts", "codes", "tokens", "miniprograms", "coordination"},
    "gateway": {"codes", "tokens", "miniprograms", "clients", "wechat", "api", "errors"},
}
JUNK_DRAWERS = {"utils", "helpers", "common", "core", "misc", "base"}
SOURCES = [path for path in sorted(APPS.rglob("*.py")) if "migrations" not in path.parts]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(BASE_DIR).with_suffix("").parts).removesuffix(".__init__")


def imported_modules(path: Path) -> set[str]:
    """Every module that the file imports, wherever the statement stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "apps" and len(parts) > 1 else None


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_a_room_imports_only_the_rooms_that_it_may(path):
    here = room(module_name(path))
    if here is None:
        return
    foreign = {room(name) for name in imported_modules(path)} - {None, here}
    assert foreign <= MAY_IMPORT[here], f"{here} must not import {foreign - MAY_IMPORT[here]}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_no_room_imports_the_project(path):
    assert not {name for name in imported_modules(path) if name.split(".")[0] == "wxcode"}


def test_no_module_is_in_an_import_circle():
    modules = {module_name(path): imported_modules(path) for path in SOURCES}
    graph = {
        name: {found for found in imports if found in modules and found != name} for name, imports in modules.items()
    }
    while leaves := {name for name, imports in graph.items() if not imports}:
        graph = {name: imports - leaves for name, imports in graph.items() if name not in leaves}
    assert not graph, f"these import each other: {sorted(graph)}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_every_module_begins_with_a_sentence(path):
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring and docstring.splitlines()[0].endswith("."), "the first line says the file's one subject"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


def test_no_file_is_a_junk_drawer():
    assert not [path for path in SOURCES if path.stem in JUNK_DRAWERS]


def test_only_the_border_knows_the_libraries_of_the_wire():
    borders = {"requests": {"wechat"}, "redis": {"coordination"}}
    for path in SOURCES:
        roots = {name.split(".")[0] for name in imported_modules(path)}
        for library, rooms in borders.items():
            assert library not in roots or room(module_name(path)) in rooms, f"{path} imports {library}"


def test_the_top_level_stays_readable():
    visible = [entry.name for entry in BASE_DIR.iterdir() if not entry.name.startswith(".")]
    assert len(set(visible) - {"__pycache__"}) <= 16, sorted(visible)
