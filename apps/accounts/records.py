"""What stays on record: changes of accounts in the audit trail, logins and failures in axes' tables and in the log."""

import logging
from typing import Any

from axes.models import AccessFailureLog, AccessLog
from axes.signals import user_locked_out
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.guard import address_of
from apps.accounts.models import SecondFactor
from apps.miniprograms.sealing import open_sealed, reseal_rows, seal

logger = logging.getLogger(__name__)

SECOND_STEP_PATH = "/login/code/"


def record_change(user: Any, what: str) -> None:
    """`user` did `what` to their own account; a sentence without a value."""
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, what)


def record_second_step(request: HttpRequest, user: Any, *, is_right: bool) -> None:
    """A code was right or wrong; beside the rows that axes writes for passwords."""
    facts = {
        "username": user.get_username(),
        "ip_address": address_of(request),
        "user_agent": request.headers.get("User-Agent", "")[:255],
        "http_accept": request.headers.get("Accept", "")[:1025],
        "path_info": SECOND_STEP_PATH,
    }
    (AccessLog if is_right else AccessFailureLog).objects.create(**facts)
    if is_right:
        logger.info("login: account %s gave a right code", user.pk)
    else:
        logger.warning("login: account %s gave a wrong code from %s", user.pk, address_of(request))


@receiver(user_logged_in)
def log_login(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    logger.info("login: account %s from %s", user.pk, address_of(request))


@receiver(user_logged_out)
def log_logout(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        logger.info("logout: account %s", user.pk)


@receiver(user_login_failed)
def log_failure(sender: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    # without the name: people type passwords there
    logger.warning("login: refused from %s", address_of(request) if request is not None else "-")


@receiver(user_locked_out)
def log_lock(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    logger.warning("login: locked for one name from %s", address_of(request))


@receiver(reseal_rows)
def reseal_second_factors(sender: Any, **kwargs: Any) -> None:
    """Raises SecretUnavailable, which takes the whole rotation back."""
    for device in SecondFactor.objects.select_for_update():
        device.sealed_key = seal(open_sealed(bytes(device.sealed_key)))
        device.save(update_fields=["sealed_key"])
