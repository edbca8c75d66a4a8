"""The history with a million codes: every filter, search and depth at the API, and how it grew from ten thousand.

    .venv/bin/python -m benchmarks.history [--postgres] [--sizes 10000 1000000] [--runs 40] [--plans] [--only WORDS]

Fills a database for each size with rows like those of eight mini-programs over two years (no pictures), and asks the
API inside a process for each, with an API key, ten times the one and ten times the other by turns. Prints the least,
the median and the p95 in milliseconds for both sizes, the ratios of the least and of the p95, and how many codes were
answered, twice where the sizes differ in that. On a machine that does other things only the least can be compared.
With --plans the statements of each case follow with the plans of the database. Ends with status 1 if a p95 reaches
100 ms. PostgreSQL is a throwaway server with its defaults, without fsync: state the machine with the numbers.
"""

import argparse
import contextlib
import re
import statistics
import sys

from benchmarks.history.process import History, child
from benchmarks.history.questions import cases

LIMIT_MS = 100.0
# calls at one size before those at the other
TURN = 10


def measure(histories: list[History], *, runs: int, with_plans: bool, only: str) -> bool:
    """Print the table and, after it, the plans at the larger size; answer whether every p95 is below the limit."""
    small, large = histories
    print(f"{'':34}{small.size:>22,} rows{large.size:>24,} rows   ratios: least, p95")
    is_good, plans = True, []
    # its name says how deep a page is
    for names in zip(cases(small.size), cases(large.size), strict=True):
        if not re.search(only, names[1]):
            continue
        times: list[list[float]] = [[], []]
        rows = []
        for _turn in range(max(runs // TURN, 1)):
            for place, history in enumerate(histories):
                times[place] += history.ask(names[place], runs=min(runs, TURN))["times"]
        for place, history in enumerate(histories):
            told = history.ask(names[place], runs=0, with_plans=with_plans and history is large)
            rows.append(told["rows"])
        plans += [names[1], *told["plans"], ""]
        (least, _median, p95), (least_after, _median_after, p95_after) = facts = [summary(each) for each in times]
        is_good &= p95_after < LIMIT_MS
        shown = "".join("{:10.1f}{:8.1f}{:8.1f} ms ".format(*each) for each in facts)
        answered = (
            "" if rows[1] is None else f"{rows[1]:4} codes" if rows[0] == rows[1] else f"{rows[0]}, {rows[1]} codes"
        )
        print(f"{names[1]:34}{shown}{least_after / least:8.2f}{p95_after / p95:8.2f}  {answered}", flush=True)
    if with_plans:
        print("", *plans, sep="\n")
    return is_good


def summary(times: list[float]) -> tuple[float, float, float]:
    """Least, median and p95."""
    ordered = sorted(times)
    return ordered[0], statistics.median(ordered), ordered[max(int(len(ordered) * 0.95) - 1, 0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--sizes", type=int, nargs=2, default=[10_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name this regular expression finds")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child)
    with contextlib.ExitStack() as cleanup:
        histories = [cleanup.enter_context(History(size, is_postgres=options.postgres)) for size in options.sizes]
        for history in histories:
            history.wait()
        print("PostgreSQL" if options.postgres else "SQLite")
        if not measure(histories, runs=options.runs, with_plans=options.plans, only=options.only):
            sys.exit(1)


if __name__ == "__main__":
    main()
