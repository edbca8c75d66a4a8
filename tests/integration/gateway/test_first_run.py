"""What `make run` opens the first time: older services' doors to this machine, for the sandbox mini-program."""

import pytest

from apps.gateway.models import OlderDoor, OpenDoor
from apps.miniprograms.models import MiniProgram
from wxcode.stack.first_run import prepare

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path):
    return lambda: prepare(tmp_path / "facts.json")


def test_the_first_run_opens_every_door_to_this_machine_only(client, run):
    run()
    assert {door.door for door in OpenDoor.objects.all()} == set(OlderDoor.values)
    for door in OpenDoor.objects.all():
        door.full_clean()
    assert client.get("/api/health").status_code == 200
    assert client.get("/api/health", REMOTE_ADDR="192.168.1.7").status_code == 403
    assert client.get("/api/health", REMOTE_ADDR="::1").status_code == 200


def test_the_sandbox_mini_program_is_the_default(run):
    facts = run()
    assert MiniProgram.objects.get(is_default=True).appid == facts["appid"]


def test_what_an_operator_closes_stays_closed(client, run):
    run()
    OpenDoor.objects.all().delete()
    run()
    assert client.get("/api/health").status_code == 401


def test_rows_that_a_page_has_made_are_no_choice(client, run):
    OpenDoor.objects.create(door="health")
    run()
    assert client.get("/api/health").status_code == 200


def test_what_an_operator_chose_before_is_left_alone(run):
    OpenDoor.objects.create(door="health", networks=["10.0.0.0/8"])
    run()
    assert OpenDoor.objects.get().networks == ["10.0.0.0/8"]
