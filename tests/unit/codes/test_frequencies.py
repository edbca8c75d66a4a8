"""Which parts of a question an index of words is asked for."""

from apps.codes import frequencies
from apps.codes.frequencies import Frequencies

KNOWN = Frequencies({"tab": 0.9, "abl": 0.9, "=50": 0.01, "500": 0.01, "e=5": 0.11, "ter": 0.08}, 0.001, rows=1e6)


def parts_of(grams, beginnings=()):
    return KNOWN.parts((grams, beginnings), gram="{}", beginning="{}*")


def chosen(*question):
    return KNOWN.choose(parts_of(*question))


def test_only_what_is_listed_is_expected_to_be_on_many_codes():
    assert KNOWN.most(parts_of(["tab", "ter"])) == 80_000
    assert KNOWN.most(parts_of(["tab", "zep"])) == 0
    assert KNOWN.most(parts_of([], ["=5"])) == 10_000


def test_common_grams_are_left_out_where_rare_ones_suffice():
    assert chosen(["tab", "abl", "e=5", "=50", "500"]) == ["500", "=50"]


def test_what_is_not_listed_is_rarer_than_what_is():
    assert chosen(["tab", "zep", "500"]) == ["zep", "500"]


def test_grams_are_added_until_few_rows_are_left():
    assert chosen(["ter", "e=5", "=50"]) == ["=50", "ter", "e=5"]


def test_what_nearly_all_codes_have_is_asked_for_only_alone():
    assert chosen(["tab", "abl"]) == ["abl"]


def test_a_beginning_is_as_common_as_all_grams_that_begin_so():
    assert chosen(["=50"], ["ta"]) == ["=50"]
    assert chosen([], ["象"]) == ["象*"]


def test_no_share_is_more_than_all():
    assert KNOWN.of_any(["tab", "abl"]) == KNOWN.of_beginning("") == 1.0


def test_what_was_read_is_remembered_for_five_minutes(monkeypatch):
    now, reads = [1000.0], []
    monkeypatch.setattr(frequencies.time, "monotonic", lambda: now[0])

    def read():
        reads.append(now[0])
        return KNOWN if len(reads) > 1 else None

    frequencies.forget()
    try:
        # that nothing is known is known as well
        assert [frequencies.remembered(read) for _ in range(3)] == [None] * 3
        now[0] += 299
        assert frequencies.remembered(read) is None
        now[0] += 1
        assert frequencies.remembered(read) is KNOWN
    finally:
        frequencies.forget()
    assert reads == [1000.0, 1300.0]
