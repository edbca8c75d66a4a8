"""When a process of `make run` that ended by itself is started again."""

import io

from wxcode.stack.restarts import Restarts
from wxcode.stack.supervisor import Plan, Supervisor


def pauses(lives):
    restarts = Restarts()
    return [restarts.plan("worker", lived_seconds=lived, now=0) for lived in lives]


def test_the_pauses_double_up_to_a_minute():
    assert pauses([5000] + [2] * 8) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_a_minute_without_trouble_the_pauses_begin_again():
    assert pauses([2, 2, 2, 61, 2]) == [1, 2, 4, 1, 2]


def test_each_process_has_pauses_of_its_own_and_is_due_once():
    restarts = Restarts()
    restarts.plan("worker", lived_seconds=2, now=100)
    restarts.plan("worker", lived_seconds=2, now=100)
    restarts.plan("beat", lived_seconds=2, now=100)
    due = [restarts.take_due(now=now) for now in (100.9, 101, 101.5, 102, 200)]
    assert due == [[], ["beat"], [], ["worker"], []]


def test_a_process_that_cannot_be_started_is_tried_again_later(tmp_path, capsys):
    """The disk is full, for example; here the directory of the data is none."""
    (tmp_path / "data").touch()
    plan = Plan(
        data_dir=tmp_path / "data",
        host="127.0.0.1",
        port=8000,
        threads=1,
        workers=1,
        environment={},
        own_redis_url="",
        own_sandbox_url="",
        is_reloading=False,
        lock=io.StringIO(),
    )
    supervisor = Supervisor(plan)
    for _ in range(2):
        supervisor._start_again("beat")
    told = capsys.readouterr().out.splitlines()
    assert [line.split("It is")[1].split(".")[0] for line in told] == [" started again in 1 s", " started again in 2 s"]
    assert all("beat    | could not be started (" in line for line in told)
