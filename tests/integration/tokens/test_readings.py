"""Reading a token is on record: whose, by whom, from where and how often; never the token itself."""

import logging

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.gateway.models import OlderDoor, OpenDoor
from apps.tokens import readings
from tests.integration.gateway.knocking import Door
from tests.integration.tokens.front_parts import House, ask, make_key, store_token
from tests.integration.tokens.front_parts import make_miniprogram as make_readable
from tests.parts import make_api, make_miniprogram
from wxcode.json_logs import RedactingJsonFormatter
from wxcode.request_ids import RequestIdFilter, request_id

pytestmark = pytest.mark.django_db
TOKEN = "token-" + "t" * 130


@pytest.fixture(autouse=True)
def _nothing_was_read():
    readings.forget_readings()


@pytest.fixture
def house(settings):
    settings.WHITENOISE_AUTOREFRESH = True
    # as Django's own test client does: the test's transaction outlives the requests
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield House()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def on_record(caplog):
    """What was written about readings: appid, reader, address, and the whole line."""
    caplog.set_level(logging.INFO)

    def found():
        records = [record for record in caplog.records if record.name == readings.__name__]
        return [(record.appid, record.reader, record.address, record.getMessage()) for record in records]

    return found


def read(api, miniprogram, address="198.51.100.7"):
    answer = api.get(f"/api/v1/miniprograms/{miniprogram.appid}/access-token/", REMOTE_ADDR=address)
    return answer.json()["access_token"]


def test_a_reading_says_whose_token_who_and_from_where_but_not_which(sandbox, on_record):
    miniprogram = make_miniprogram(sandbox)
    token = read(make_api(name="shop"), miniprogram)
    ((appid, reader, address, line),) = on_record()
    assert (appid, reader, address) == (miniprogram.appid, "client:shop", "198.51.100.7")
    assert "client:shop from 198.51.100.7" in line and token not in line


def test_a_thousand_readings_are_a_line_a_minute_that_counts_them(sandbox, on_record, monkeypatch):
    miniprogram, api = make_miniprogram(sandbox), make_api()
    for _ in range(5):
        read(api, miniprogram)
    assert len(on_record()) == 1
    monkeypatch.setattr(readings, "INTERVAL_SECONDS", 0.0)
    read(api, miniprogram)
    assert [line[3].rpartition(", ")[2] for line in on_record()] == [
        "1 times since the line before",
        "5 times since the line before",
    ]


def test_another_reader_place_or_mini_program_is_another_line(sandbox, on_record):
    one, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    api = make_api(name="a")
    read(api, one), read(api, other), read(api, one, "198.51.100.8"), read(make_api(name="b"), one)
    assert len({line[:3] for line in on_record()}) == len(on_record()) == 4


def test_a_refusal_is_no_reading(sandbox, on_record):
    miniprogram = make_miniprogram(sandbox)
    answer = make_api(scopes=["codes:read"]).get(f"/api/v1/miniprograms/{miniprogram.appid}/access-token/")
    assert answer.status_code == 403 and on_record() == []


def test_a_token_that_was_replaced_is_read_too(sandbox, on_record):
    miniprogram, api = make_miniprogram(sandbox), make_api()
    address = f"/api/v1/miniprograms/{miniprogram.appid}/access-token/refresh/"
    assert api.post(address, {"rejected": "91_old"}, format="json").status_code == 200
    assert len(on_record()) == 1


def test_readings_in_front_of_django_are_on_record_without_somebody_elses_request_id(house, on_record, caplog):
    make_readable()
    store_token(TOKEN)
    key = make_key()
    for _ in range(3):
        ask(house.front, HTTP_AUTHORIZATION=f"Bearer {key}")
    readings.forget_readings()
    caplog.clear()
    request_id.set("an-earlier-request")
    assert house.is_answered_in_front(HTTP_AUTHORIZATION=f"Bearer {key}", REMOTE_ADDR="198.51.100.9")
    (record,) = caplog.records
    RequestIdFilter().filter(record)
    written = RedactingJsonFormatter().format(record)
    request_id.set("")
    assert '"reader": "client:shop"' in written and '"address": "198.51.100.9"' in written
    assert "an-earlier-request" not in written and TOKEN not in written


def test_wechats_own_paths_and_older_doors_leave_the_same_record(sandbox, client, on_record):
    miniprogram = make_miniprogram(sandbox)
    miniprogram.is_default = True
    miniprogram.save()
    OpenDoor.objects.create(door=OlderDoor.TOKEN, networks=["127.0.0.0/8"])
    Door(client, appid=miniprogram.appid, key=make_key(name="sdk")).token()
    assert "token" in client.get("/api/extend/get/wx/token").json()
    assert [line[:3] for line in on_record()] == [
        (miniprogram.appid, "client:sdk", "127.0.0.1"),
        (miniprogram.appid, "door:extend", "127.0.0.1"),
    ]


def test_a_crowd_of_readers_takes_no_more_memory_than_it_may(monkeypatch, on_record):
    monkeypatch.setattr(readings, "MOST_READERS", 3)
    for number in range(6):
        readings.note_reading("wx0123456789abcdef", reader="door:extend", address=f"198.51.100.{number}")
    assert len(on_record()) == 6 and len(readings._readers) == 3
