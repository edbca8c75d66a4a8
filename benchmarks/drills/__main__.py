"""Breaks one part after the other under steady load, mends it, and says what was lost: it must be nothing.

    .venv/bin/python -m benchmarks.drills [name…] [--short] [--save drills.md]

Starts PostgreSQL, Redis, the sandbox WeChat, web, worker and beat on loopback and removes them afterwards.
Each drill: 4 s of load, 15 s of the fault, then until all goes well again.
--short: all faults in a single drill, one after the other, a second each.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.drills.faults import DRILLS
from benchmarks.drills.house import House
from benchmarks.drills.rehearsal import SHORT, Plan, rehearse
from benchmarks.drills.verdict import HEAD, details, line, save

SHORT_TIMEOUTS = {"WECHAT_CODE_TIMEOUT": "2", "WECHAT_TOKEN_TIMEOUT": "2", "WECHAT_CONNECT_TIMEOUT": "1"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(drill.name for drill in DRILLS))
    parser.add_argument("--short", action="store_true", help="all in one, a second each, and short timeouts to WeChat")
    parser.add_argument("--save", type=Path, help="write the table into this file, too")
    options = parser.parse_args()
    unknown = set(options.names) - {drill.name for drill in DRILLS}
    if unknown:
        parser.error(f"no drill {', '.join(sorted(unknown))}")
    chosen = [drill for drill in DRILLS if not options.names or drill.name in options.names]
    plan, timeouts = (SHORT, SHORT_TIMEOUTS) if options.short else (Plan(), {})
    verdicts = []
    with House(has_movable_clock=True, **timeouts) as house:
        for drills in [chosen] if options.short else [[drill] for drill in chosen]:
            verdicts.append(rehearse(house, drills, plan))
            print("\n".join(details(verdicts[-1])), flush=True)
    print(HEAD, *map(line, verdicts), sep="\n")
    if options.save:
        save(options.save, verdicts)
    return 0 if all(verdict.is_well for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
