"""What processes agree on, at moments that the test chooses."""

import pytest

from tests.clock import Clock


@pytest.fixture
def stopped(clock: Clock) -> Clock:
    """The clock, standing still but for `advance`: Redis's scripts see exact moments."""
    clock.stop()
    return clock
