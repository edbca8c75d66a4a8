"""What Django's own rules about passwords lack: an upper limit."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_CHARACTERS = 128


class MaximumLength:
    """Long passwords are welcome, books are not: OWASP ASVS 4.0.3, 2.1.2. A validator for AUTH_PASSWORD_VALIDATORS."""

    def __init__(self, max_length: int = MOST_CHARACTERS) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        if len(password) > self.max_length:
            raise ValidationError(
                _("This password is too long: %(length)d characters, the limit is %(most)d."),
                code="password_too_long",
                params={"length": len(password), "most": self.max_length},
            )

    def get_help_text(self) -> str:
        """For the form."""
        return _("Your password can be at most %(most)d characters long.") % {"most": self.max_length}
