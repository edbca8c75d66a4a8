"""The drill of many machines begins with a database that today's code can work with, and leaves no process behind."""

import signal
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.migrations import AddIndex
from django.db.migrations.loader import MigrationLoader

from benchmarks.cluster.__main__ import UNAPPLIED
from benchmarks.cluster.traffic import failure_of
from tests.plugin import BASE_DIR
from tests.waiting import lives, wait_until

OWNER = """
import sys, time
from pathlib import Path
from benchmarks.nodes import Node
node = Node("n", [sys.executable, "-c", "import time; time.sleep(600)"], environment={}, directory=Path(sys.argv[1]))
print(node.start().process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.django_db(transaction=True)
def test_what_the_drill_applies_under_traffic_is_indexes_alone():
    app, target = UNAPPLIED
    loader = MigrationLoader(None)
    start = loader.get_migration_by_prefix(app, target)
    later = [key for key in loader.graph.nodes if (app, start.name) in loader.graph.forwards_plan(key)[:-1]]
    assert later
    dependants = [key for key in later if loader.graph.nodes[key].app_label == app]
    migrations = [loader.graph.nodes[key] for key in dependants]
    in_passing = [each for each in migrations if not each.atomic]
    # it builds its index CONCURRENTLY, which takes a migration without a transaction
    assert [each.name for each in in_passing] == ["0005_words_in_blocks"]
    others = [each for each in migrations if each.atomic]
    assert {type(operation) for each in others for operation in each.operations if writes(each)} == {AddIndex}


def writes(migration):
    """Whether it has SQL; one that notes names and help texts has none."""
    text = StringIO()
    call_command("sqlmigrate", migration.app_label, migration.name, stdout=text)
    return [line for line in text.getvalue().splitlines() if not line.startswith(("--", "BEGIN", "COMMIT"))] != []


def test_a_node_ends_with_a_benchmark_that_is_killed(tmp_path):
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as owner:
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not lives(pid), 60)


def test_a_failure_is_told_by_the_problem_that_the_answer_names():
    answers = {
        (503, b'{"code": "database_unavailable"}'): "503 database_unavailable",
        (502, b"<html>Bad gateway</html>"): "502",
        (200, b'{"id": 7}'): "200",
        (500, b"[]"): "500",
    }
    assert {answer: failure_of(*answer) for answer in answers} == answers
