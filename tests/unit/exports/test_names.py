"""Names of files that are safe and unique, and cells of tables that are no formula."""

import pytest

from apps.exports.names import UniqueNames, safe_stem
from apps.tables.cells import harmless, unguarded


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Table 7", "Table 7"),
        ("一号桌", "一号桌"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d*e?f", "a_b_c_d_e_f"),
        ("line\nbreak\x00\x1b", "line_break__"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("  . ", "row-1"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("x" * 500, "x" * 80),
    ],
)
def test_file_names_are_safe_on_every_system(text, name):
    assert safe_stem(text, otherwise="row-1") == name


def test_a_name_of_four_byte_characters_stays_short_enough():
    assert len(safe_stem("\U00020000" * 100, otherwise="x").encode()) <= 200


def test_names_are_unique_also_without_regard_to_case():
    names = UniqueNames()
    assert [names.take(stem, "jpg") for stem in ("a", "A", "a", "b")] == ["a.jpg", "A-2.jpg", "a-3.jpg", "b.jpg"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "'=1", "'", "''", "plain", ""])
def test_a_guarded_cell_is_no_formula_and_comes_back(cell):
    guarded = harmless(cell)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded) == cell
