"""What is no state of a sandbox is refused, and stays as it is."""

import pytest

from apps.sandbox.launch import CannotStart, Saver
from apps.sandbox.statefile import StateFile


@pytest.mark.parametrize("content", ["nonsense", "[]", "{}", '{"clock_offset_seconds": 0, "apps": [{}]}'])
def test_a_strange_state_file_is_refused_and_left_alone(world, tmp_path, content):
    place = tmp_path / "sandbox.json"
    place.write_text(content)
    with pytest.raises(CannotStart, match="is not a state file of the sandbox"):
        Saver(world, StateFile(place))
    assert place.read_text() == content
