"""A process that has loaded the project once, and forks itself into the processes of drills, which need not load it.

Each line of its input orders some: {"module": ..., "words": [...], "count": ..., "log": ..., "input": ...,
"environment": {...}, "settings": {...}}, run like `python -m MODULE WORDS`; it answers a line with their process ids.
"""

import json
import os
import runpy
import signal
import sys
from typing import Any

import celery.bin.celery  # noqa: F401
import django
from django.conf import settings

from wxcode.stack.lifeline import die_with_parent

django.setup()

# what web servers and workers load when they begin, and the processes of a fleet
import wxcode.celery  # noqa: E402
import wxcode.wsgi  # noqa: E402
from tests.drills import worker  # noqa: E402, F401

wxcode.celery.app.loader.import_default_modules()


def main() -> None:
    die_with_parent(os.getppid())
    # nobody waits for them here, so that an ended one is gone at once
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = os.getpid()
    for line in sys.stdin:
        order = json.loads(line)
        pids = []
        for _number in range(order["count"]):
            pid = os.fork()
            if pid == 0:
                become(order, server)
                return
            pids.append(pid)
        sys.stdout.write(json.dumps(pids) + "\n")
        sys.stdout.flush()


def become(order: dict[str, Any], server: int) -> None:
    """This process is from now on what was ordered."""
    os.setpgid(0, 0)
    die_with_parent(server)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    given = os.open(order["input"], os.O_RDONLY)
    for number, file in enumerate((given, log, log)):
        os.dup2(file, number)
    os.environ.update(order["environment"])
    for name, value in order["settings"].items():
        setattr(settings, name, value)
    sys.argv = [order["module"], *order["words"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
