"""Fair shares of the threads of a process: never more than there are, and nobody is kept from a fair part."""

from apps.batches import seats


def test_a_run_that_is_alone_may_have_every_seat_and_no_more():
    bench = seats.Seats(8)
    assert [bench.take("one") for _ in range(9)] == [True] * 8 + [False]
    bench.give_back("one")
    assert bench.take("one")


def test_a_run_that_comes_later_gets_what_comes_free_until_the_parts_are_equal():
    bench = seats.Seats(8)
    for _ in range(8):
        bench.take("large")
    assert not bench.take("small")
    for _ in range(4):
        bench.give_back("large")
        assert not bench.take("large"), "somebody poorer waits"
        assert bench.take("small")
        assert not bench.take("small")
    bench.give_back("large")
    assert bench.take("large") and not bench.take("small")


def test_what_the_others_do_not_want_may_be_had():
    bench = seats.Seats(8)
    assert bench.take("small")
    assert sum(bench.take("large") for _ in range(9)) == 7


def test_who_was_hungry_and_has_gone_keeps_nothing_free(clock):
    bench = seats.Seats(4)
    for _ in range(4):
        bench.take("large")
    bench.take("gone")
    bench.give_back("large")
    clock.advance(seats.HUNGRY_SECONDS)
    assert bench.take("large")


def test_with_more_runs_than_seats_who_waits_longest_is_next():
    bench = seats.Seats(1)
    assert bench.take("first") and not bench.take("second") and not bench.take("third")
    bench.give_back("first")
    assert not bench.take("first") and not bench.take("third")
    assert bench.take("second")
    bench.give_back("second")
    assert not bench.take("first")
    assert bench.take("third")
