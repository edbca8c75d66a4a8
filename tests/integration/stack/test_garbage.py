"""What a process has loaded when its work begins is left alone by the garbage collector."""

import os
import subprocess
import sys

import pytest

from wxcode.garbage import YOUNG_OBJECTS

TELL = "import gc, sys; print(gc.get_freeze_count(), gc.get_threshold()[0], 'apps.codes.api' in sys.modules)"
# Django, its friends and ours are some 300,000; a bare Python has 5,000
MANY = 100_000


@pytest.mark.parametrize(
    "load",
    [
        "import wxcode.wsgi",
        "from celery.signals import worker_ready; from wxcode.celery import app; import apps.codes.api",
    ],
)
def test_what_is_loaded_is_looked_through_no_more(load):
    is_worker = "celery" in load
    begin = "import django; django.setup(); " + load + "; worker_ready.send(None)" if is_worker else load
    done = subprocess.run([sys.executable, "-c", f"{begin}; {TELL}"], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    frozen, young, has_views = done.stdout.split()
    assert int(frozen) > MANY and int(young) == YOUNG_OBJECTS and has_views == "True"
