"""The Simplified Chinese catalogue: complete, compiled, with every placeholder."""

import ast
import gettext
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import django
import pytest
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import override
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parents[3]
CATALOGUE = BASE_DIR / "wxcode/locale/zh_Hans/LC_MESSAGES/django.po"
TRANSLATORS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
# WeChat's words, which are parameters as well
SAME_IN_CHINESE = {
    *("ID", "appid", "access_token", "errcode", "rid", "scene", "page", "external_id", "env_version", "check_path"),
    *("auto_color", "line_color", "is_hyaline"),
}
LITERAL = r"u?('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
MARKED_IN_TEMPLATE = re.compile(rf"\b(?:_|gettext|ngettext)\({LITERAL}")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}|</?\w[^>]*>")


@dataclass
class Entry:
    """One entry of a .po file; `texts` has one translation, as Chinese has one form for every number."""

    is_fuzzy: bool = False
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def translation(self) -> str:
        return self.fields.get("msgstr", self.fields.get("msgstr[0]", ""))

    @property
    def original(self) -> str:
        return self.fields.get("msgid_plural", self.fields["msgid"])


def read_catalogue(path: Path = CATALOGUE) -> dict[str, Entry]:
    """The entries by msgid, without the header."""
    entries = {}
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        entry, name = Entry(), ""
        for line in block.splitlines():
            if line.startswith("#"):
                entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
                continue
            keyword, quote, rest = line.partition('"')
            name = keyword.strip() or name
            entry.fields[name] = entry.fields.get(name, "") + ast.literal_eval(quote + rest)
        if entry.fields:
            entries[entry.fields["msgid"]] = entry
    assert "Content-Type" in entries.pop("").translation, "the header is missing"
    return entries


def marked_in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in TRANSLATORS and isinstance(node.args[0].value, str):
                yield node.args[0].value


def marked_in_template(path: Path) -> Iterator[str]:
    for literal in MARKED_IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
        yield ast.literal_eval(literal)


def marked_texts() -> dict[str, Path]:
    """Every text that the sources mark for translation, and a file that does."""
    found = {}
    for room in ("apps", "wxcode", "templates"):
        for path in sorted((BASE_DIR / room).rglob("*")):
            if path.suffix == ".py":
                found |= dict.fromkeys(marked_in_python(path), path)
            elif path.suffix in {".html", ".txt"}:
                found |= dict.fromkeys(marked_in_template(path), path)
    return found


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Entry]:
    return read_catalogue()


def test_every_marked_text_is_in_the_catalogue(catalogue):
    missing = {text: str(path.relative_to(BASE_DIR)) for text, path in marked_texts().items() if text not in catalogue}
    assert not missing, "run `make messages`, translate what is empty, run it again"


def test_the_search_for_marked_texts_sees_every_way_of_marking(tmp_path):
    python, template = tmp_path / "some.py", tmp_path / "some.html"
    python.write_text('_("a" "b"); ngettext("one", "many", 2); translation.gettext_lazy("c"); _(name)')
    template.write_text(
        """{% translate "it's" %}{{ x|yesno:_("y,n") }}"""
        "{% blocktranslate with n=x %}so {{ n }} 5%{% endblocktranslate %}"
        "{% blocktranslate count n=x %}one{% plural %}{{ n }}{% endblocktranslate %}"
    )
    assert set(marked_in_python(python)) == {"ab", "one", "c"}
    assert set(marked_in_template(template)) == {"it's", "so %(n)s 5%%", "y,n", "one"}


def test_no_translation_is_empty_or_fuzzy(catalogue):
    assert not [text for text, entry in catalogue.items() if entry.is_fuzzy or not entry.translation.strip()]


def test_the_compiled_catalogue_is_the_one_that_is_read(catalogue):
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    stale = [
        text
        for text, entry in catalogue.items()
        if entry.translation
        != (compiled.ngettext(text, entry.original, 2) if entry.original != text else compiled.gettext(text))
    ]
    assert not stale, "run `make messages` and commit the .mo file too"


def test_every_translation_keeps_the_placeholders_and_tags(catalogue):
    def parts(text: str) -> Counter[str]:
        return Counter(PLACEHOLDER.findall(text))

    changed = [text for text, entry in catalogue.items() if parts(entry.original) != parts(entry.translation)]
    assert not changed


@pytest.mark.parametrize("domain", ["django", "djangojs"])
@pytest.mark.parametrize("room", ["conf", "contrib/admin", "contrib/auth"])
def test_what_django_does_not_say_in_chinese_is_in_our_catalogue(room, domain):
    places = [Path(django.__file__).parent / room / "locale" / name / "LC_MESSAGES" for name in ("en", "zh_Hans")]
    paths = [place / f"{domain}.po" for place in places]
    if not paths[0].exists():
        assert (room, domain) in {("conf", "djangojs"), ("contrib/auth", "djangojs")}
        return
    texts, translated = (read_catalogue(path) for path in paths)
    ours = read_catalogue(CATALOGUE.with_name(f"{domain}.po"))
    lacking = {text for text in texts if text not in translated or not translated[text].translation}
    # the singular of a message whose plural, which Chinese uses for every number, is there
    lacking -= {"This password is too short. It must contain at least %d character."}
    assert lacking <= set(ours)


def test_every_name_in_the_admin_has_a_chinese_one():
    with override("zh-hans"):
        names = {
            str(name)
            for model in admin.site._registry
            for name in (
                model._meta.app_config.verbose_name,
                model._meta.verbose_name,
                model._meta.verbose_name_plural,
                *(field.verbose_name for field in model._meta.fields),
            )
            # what nobody has named is on no page
            if isinstance(name, Promise)
        }
    assert {name for name in names if name.isascii()} <= SAME_IN_CHINESE


def test_the_chinese_readme_has_the_commands_and_settings_of_the_english_one():
    readmes = [(BASE_DIR / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]
    english, chinese = (set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) for text in readmes)
    assert english and chinese == english
