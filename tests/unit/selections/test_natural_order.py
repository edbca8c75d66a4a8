"""Codes are sorted as people count: numbers by their value, other characters as text."""

import pytest

from apps.selections.ordering import natural_key


@pytest.mark.parametrize(
    "texts",
    [
        ["Table 1", "table 2", "Table 10", "Table 10 b", "Tables"],
        ["1", "2", "10", "a"],
        ["A1-2", "A1-10", "A2-1"],
        ["桌 2", "桌 10", "桌 １１", "桌一", "桌二", "桌十"],
        ["", "t", "t=2", "t=010", "t=11", "t=" + "9" * 1000],
    ],
)
def test_texts_with_numbers_are_sorted_by_their_numbers(texts):
    mixed = texts[1::2] + texts[::2]
    assert sorted(mixed, key=natural_key) == texts
