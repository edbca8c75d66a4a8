"""What another process changes counts in a web process once its short memories have ended."""

import time

import pytest
import requests

from apps.clients.facts import TTL_SECONDS
from apps.clients.models import ApiClient
from apps.miniprograms.models import MiniProgram
from tests.integration.tokens.front_parts import PATH, make_key, make_miniprogram, store_token
from tests.waiting import answers, wait_until
from wxcode.stack import commands
from wxcode.stack.redis_server import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_changed_mode_and_a_revoked_key_count_within_seconds(spawn, measured):
    make_miniprogram()
    store_token("a token")
    key, port = make_key(), free_port()
    spawn(*commands.web(host="127.0.0.1", port=port, threads=8)[:-1], "wxcode.wsgi:application")
    wait_until(lambda: answers(port), seconds=60)

    def read():
        # asked all the time, as nothing may prolong a memory
        return requests.get(f"http://127.0.0.1:{port}{PATH}", headers={"X-API-Key": key}, timeout=60)

    took = {}
    assert read().json()["token_mode"] == "stable"
    for name, change, is_seen in (
        ("mode", lambda: MiniProgram.objects.update(token_mode="classic"), lambda: b"classic" in read().content),
        ("key", lambda: ApiClient.objects.update(is_active=False), lambda: read().status_code == 401),
    ):
        change()
        began = time.monotonic()
        wait_until(is_seen, seconds=TTL_SECONDS * 10)
        took[name] = round(time.monotonic() - began, 1)
    measured(**took)
    assert read().json()["code"] == "invalid_key"
