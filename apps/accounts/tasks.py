"""Once a day: logins, failures, notices that were dismissed and sessions that are over are forgotten."""

from datetime import timedelta

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import SecurityNotice

KEPT_DAYS = 180


@shared_task
def prune_logins() -> None:
    now = timezone.now()
    for model in (AccessLog, AccessFailureLog):
        model.objects.filter(attempt_time__lt=now - timedelta(days=KEPT_DAYS)).delete()
    SecurityNotice.objects.filter(dismissed_at__lt=now - timedelta(days=KEPT_DAYS)).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - timedelta(days=1)).delete()
    Session.objects.filter(expire_date__lt=now).delete()
