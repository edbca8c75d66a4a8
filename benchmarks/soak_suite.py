"""`python -m benchmarks.soak_suite [--runs 10] [--burners 2]`: the whole suite again and again on a busy machine.

While it runs, `burners` processes want the processor all the time. Prints a table: what each run took and how many
tests passed and failed, then the name of every test that failed. Ends with 1 if one did.
"""

import argparse
import multiprocessing
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

SUMMARY = re.compile(r"^(?:=+ )?(?:\d+ \w+, )*\d+ passed.*? in [\d.]+s", re.MULTILINE)
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One run of the suite: `counts` by outcome, over both databases."""

    seconds: float
    exit_code: int
    counts: Counter[str]
    failed: list[str]


def burn() -> None:
    """Want the processor for ever."""
    while True:
        sum(range(100_000))


def run_suite() -> Run:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "tests"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    counts: Counter[str] = Counter()
    for summary in SUMMARY.findall(done.stdout):
        for number, outcome in COUNT.findall(summary):
            counts[outcome.rstrip("s") if outcome.startswith("error") else outcome] += int(number)
    failed = FAILED.findall(done.stdout)
    if done.returncode:
        print(done.stdout)
    return Run(time.monotonic() - started, done.returncode, counts, failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--burners", type=int, default=2)
    options = parser.parse_args()
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(options.burners)]
    for burner in burners:
        burner.start()
    failures: Counter[str] = Counter()
    print("| run | seconds | passed | skipped | failed | errors |\n|---|---|---|---|---|---|", flush=True)
    exit_code = 0
    for number in range(1, options.runs + 1):
        run = run_suite()
        outcomes = [run.counts[name] for name in ("passed", "skipped", "failed", "error")]
        print("|", " | ".join(map(str, [number, round(run.seconds), *outcomes])), "|", flush=True)
        failures.update(run.failed)
        exit_code = exit_code or run.exit_code
    for name, times in failures.most_common():
        print(f"{times} of {options.runs}: {name}")
    for burner in burners:
        burner.terminate()
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
