"""How long a batch will still take, in words."""

import pytest

from apps.gallery.templatetags.gallery_batches import duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(89, "89 s"), (90, "2 min"), (3540, "59 min"), (3541, "1 h 0 min"), (4800, "1 h 20 min")],
)
def test_a_duration_is_rounded_up(seconds, words):
    assert duration(seconds) == words
