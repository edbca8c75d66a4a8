"""How the history names who asked for something: `client:shop-frontend`, `staff:anna`."""

from typing import Any

MAX_LENGTH = 150


def as_label(kind: str, name: str) -> str:
    """Cut to the length of the columns: a user name may be as long as they are."""
    return f"{kind}:{name}"[:MAX_LENGTH]


def staff_label(user: Any) -> str:
    return as_label("staff", user.get_username())


def name_in(label: str) -> str:
    """`anna` of `staff:anna`; a label of another kind is told as it is."""
    return label.partition(":")[2] or label
