"""The second factor of an account, its key sealed, its backup codes hashed; and what its holder is told."""

import hashlib
import hmac
import secrets
import time
from base64 import b32encode
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from apps.accounts.acting import ADDRESS_LENGTH
from apps.miniprograms.sealing import open_sealed, seal

KEY_BYTES = 20
STEP_SECONDS, DIGITS = 30, 6
# codes of the neighbouring half minutes count as well
TOLERANCE = 1
ISSUER = "wxcode"
# After n wrong codes 2**(n-1) seconds pass before the next, at most 512: some 170 a day, of a million.
MOST_COUNTED_FAILURES = 10
# without 0, 1, i, l, o; 16 of them hold 79 bits
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH, CODE_COUNT = 16, 10


class Throttled(ThrottlingMixin, Device):
    """A device that answers slower and slower to wrong codes, up to a limit."""

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> int:
        return 1

    def throttle_increment(self, commit: bool = True) -> None:
        counted: int = self.throttling_failure_count  # type: ignore[has-type]
        self.throttling_failure_count = min(counted, MOST_COUNTED_FAILURES - 1)
        super().throttle_increment(commit=commit)


class SecondFactor(Throttled):
    """An authenticator app (TOTP, https://www.rfc-editor.org/rfc/rfc6238).

    django-otp's own model keeps the key in the open; this one keeps it under WXCODE_SEAL_KEYS, as AppSecrets are.
    """

    sealed_key = models.BinaryField()
    # the newest half minute whose code was used: a code counts once
    last_t = models.BigIntegerField(default=-1)
    drift = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="accounts_one_second_factor")
        ]

    @classmethod
    def with_new_key(cls, user: Any) -> "SecondFactor":
        """Not saved, not confirmed. Raises SecretUnavailable."""
        return cls(user=user, name=ISSUER, confirmed=False, sealed_key=seal(secrets.token_bytes(KEY_BYTES)))

    def open_key(self) -> bytes:
        """Raises SecretUnavailable."""
        return open_sealed(bytes(self.sealed_key))

    def verify_token(self, token: str) -> bool:
        """Whether `token` is the code of now and was not used before. Raises SecretUnavailable.

        Call it inside a transaction on a row selected for update: then no code counts twice.
        """
        if not self.verify_is_allowed()[0]:
            return False
        totp = self._totp()
        if not token.isdecimal() or not totp.verify(int(token), TOLERANCE, self.last_t + 1):
            self.throttle_increment()
            return False
        self.last_t, self.drift = totp.t(), totp.drift
        self.throttle_reset(commit=False)
        self.save()
        return True

    def was_used(self, token: str) -> bool:
        """Whether `token` is a code of now that was taken before. Raises SecretUnavailable."""
        totp = self._totp()
        return bool(token.isdecimal() and totp.verify(int(token), TOLERANCE) and totp.t() <= self.last_t)

    def _totp(self) -> TOTP:
        """The app's codes as of now."""
        totp = TOTP(self.open_key(), STEP_SECONDS, 0, DIGITS, self.drift)
        totp.time = time.time()
        return totp

    def written_key(self) -> str:
        """The key as people type it: base32 in groups of four. Raises SecretUnavailable."""
        text = b32encode(self.open_key()).decode()
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    def address(self) -> str:
        """What the QR code says: https://github.com/google/google-authenticator/wiki/Key-Uri-Format."""
        facts = {"secret": b32encode(self.open_key()).decode(), "issuer": ISSUER}
        return f"otpauth://totp/{quote(f'{ISSUER}:{self.user.get_username()}')}?{urlencode(facts)}"


class BackupCodes(Throttled):
    """Ten codes for the day the telephone is gone. Each counts once; only salted hashes are kept."""

    hashes: Any = models.JSONField(default=list)

    class Meta:
        verbose_name = _("backup codes")
        verbose_name_plural = _("backup codes")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user"], name="accounts_one_set_of_backup_codes")]

    def renew(self) -> list[str]:
        """New codes, which are readable here and never again; the old ones are void. Not saved."""
        codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODE_COUNT)]
        self.hashes = [_hash(code, salt=secrets.token_hex(16)) for code in codes]
        return ["-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4)) for code in codes]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is one of the codes, which is used up by this; as above, on a row selected for update."""
        if not self.verify_is_allowed()[0]:
            return False
        bare = "".join(character for character in token.lower() if character in ALPHABET)
        left = [kept for kept in self.hashes if not hmac.compare_digest(kept, _hash(bare, salt=kept.partition("$")[0]))]
        if len(left) == len(self.hashes):
            self.throttle_increment()
            return False
        self.hashes = left
        self.throttle_reset(commit=False)
        self.save()
        return True


class NoticeQuerySet(models.QuerySet["SecurityNotice"]):
    def unread(self, user: Any) -> "NoticeQuerySet":
        """What `user` has not dismissed, the newest first."""
        return self.filter(user_id=user.pk, dismissed_at=None).order_by("-at", "-id")


class SecurityNotice(models.Model):
    """Something happened to how an account logs in: its holder reads it until they dismiss it. No secret is in it."""

    class Kind(models.TextChoices):
        PASSWORD_CHANGED = "password_changed"  # noqa: S105
        EMAIL_CHANGED = "email_changed"
        SECOND_FACTOR_SET_UP = "second_factor_set_up"
        SECOND_FACTOR_REMOVED = "second_factor_removed"
        BACKUP_CODES_RENEWED = "backup_codes_renewed"
        BACKUP_CODE_USED = "backup_code_used"
        CODE_REUSED = "code_reused"
        NEW_BROWSER = "new_browser"
        SESSIONS_ENDED = "sessions_ended"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    # as Django's names of accounts; empty: nobody was logged in, or it was a command on the server
    by = models.CharField(max_length=150, blank=True)
    # empty: a command on the server
    address = models.CharField(max_length=ADDRESS_LENGTH, blank=True)
    count = models.PositiveIntegerField(default=1)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("security notice")
        verbose_name_plural = _("security notices")
        # nobody is given a right to it: everybody reads their own
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["user", "dismissed_at"], name="accounts_notice_unread")]

    def __str__(self) -> str:
        return str(self.kind)


def _hash(code: str, *, salt: str) -> str:
    """A plain hash, because 79 random bits are not guessed."""
    return f"{salt}${hashlib.sha256(f'{salt}{code}'.encode()).hexdigest()}"
