"""What another process changes counts in a web process once its short memories have ended."""

import time

import pytest
import requests

from apps.clients.facts import TTL_SECONDS
from apps.clients.models import ApiClient
from apps.miniprograms.models import MiniProgram
from tests.drills.web_server import start_web
from tests.integration.tokens.front_parts import PATH, make_key, make_miniprogram, store_token
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_changed_mode_and_a_revoked_key_count_within_seconds(fork, measured):
    make_miniprogram()
    store_token("a token")
    key, address = make_key(), start_web(fork, threads=8)

    def read():
        # asked all the time, as nothing may prolong a memory
        return requests.get(f"{address}{PATH}", headers={"X-API-Key": key}, timeout=60)

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
