"""How hard a password is to guess, for the meter beside the field. Nothing here keeps or logs one."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from zxcvbn import zxcvbn

# What comes behind is not looked at: its work grows with the square of the length.
LOOKED_AT = 72
BEST = 4


@dataclass(frozen=True)
class Strength:
    """`score` from 0 to BEST, and what it means in words."""

    score: int
    words: str


@sensitive_variables()
def measure(password: str, user: Any) -> Strength:
    """Of `password` for `user`: 0 with the reason if it would be refused, else what zxcvbn thinks of it."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return Strength(0, _("Not accepted: %(reason)s") % {"reason": error.messages[0]})
    known = [user.get_username(), user.first_name, user.last_name, user.email]
    found = zxcvbn(password[:LOOKED_AT], user_inputs=[word for word in known if word])
    # one that is taken fills some of the meter
    score = max(1, int(found["score"]))
    return Strength(score, _words()[score])


def _words() -> dict[int, str]:
    return {
        1: _("Weak: can be guessed within hours."),
        2: _("Fair: a few more words would make it much harder to guess."),
        3: _("Good: hard to guess."),
        4: _("Strong: very hard to guess."),
    }
