"""A process that has loaded everything: compiled, looked through by no garbage collector, and nothing open yet."""

import json
import os
import subprocess
import sys

import pytest

from tests.plugin import BASE_DIR
from wxcode.garbage import YOUNG_OBJECTS

BUCKET = {"bucket_name": "codes", "endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1"}
# Django, its friends and ours are some 300,000; a bare Python has 5,000
MANY = 100_000
WEB = "import wxcode.serve"
WORKER = """
import django
django.setup()
from celery.signals import worker_ready
from wxcode.celery import app
import apps.codes.api
worker_ready.send(None)
"""
TELL = """
import gc, json, sys, threading
from django.core.files.storage import default_storage
from django.db import connections
from django.urls import get_resolver
from apps.coordination.connection import redis_connection
api = next(each for each in get_resolver().url_patterns if str(each.pattern) == "api/v1/")
print(json.dumps({
    "frozen": gc.get_freeze_count(),
    "young": gc.get_threshold()[0],
    "has_views": "apps.codes.api" in sys.modules,
    "has_client": getattr(default_storage, "_shared", None) is not None,
    "has_patterns": all("regex" in vars(each.pattern) for each in api.url_patterns),
    "threads": [thread.name for thread in threading.enumerate()],
    "databases": [c.alias for c in connections.all(initialized_only=True) if c.connection is not None],
    "redis": redis_connection.cache_info().currsize,
}))
"""


def facts_of(load, **variables):
    command = [sys.executable, "-c", f"{load}\n{TELL}"]
    finished = subprocess.run(
        command, cwd=BASE_DIR, env=os.environ | variables, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def web():
    """What `python -m wxcode.serve` has loaded before it forks its workers, with pictures in an S3."""
    return facts_of(WEB, MEDIA_STORAGE="s3", MEDIA_STORAGE_OPTIONS=json.dumps(BUCKET))


def test_a_web_process_has_made_what_its_first_requests_need(web):
    assert {name: web[name] for name in ("has_views", "has_client", "has_patterns")} == {
        "has_views": True,
        "has_client": True,
        "has_patterns": True,
    }


def test_nothing_is_open_that_forked_workers_would_share(web):
    assert (web["threads"], web["databases"], web["redis"]) == (["MainThread"], [], 0)


def test_what_is_loaded_is_looked_through_no_more(web):
    worker = facts_of(WORKER)
    assert worker["has_views"]
    assert min(web["frozen"], worker["frozen"]) > MANY
    assert web["young"] == worker["young"] == YOUNG_OBJECTS
