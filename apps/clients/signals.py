"""What must happen whenever a client or its mini-programs change, whoever changes them."""

from typing import Any

from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from apps.clients.facts import forget_everything
from apps.clients.models import ApiClient
from apps.miniprograms.models import MiniProgram

Through = ApiClient.miniprograms.through


@receiver(post_save, sender=ApiClient)
@receiver(post_delete, sender=ApiClient)
@receiver(post_save, sender=MiniProgram)
@receiver(post_delete, sender=MiniProgram)
@receiver(m2m_changed, sender=Through)
def forget_callers(**kwargs: Any) -> None:
    forget_everything()
    # again once others can see it: a request in between may have read, and kept, the old row
    transaction.on_commit(forget_everything)


@receiver(m2m_changed, sender=Through)
def keep_limit(*, action: str, instance: Any, reverse: bool, pk_set: set[int] | None, **kwargs: Any) -> None:
    """Keeps `is_limited` true to the operator's choice: some mini-programs, or none chosen for all of them.

    Deleting a mini-program sends no m2m_changed, so a key whose last mini-program is gone stays limited, to none.
    """
    if action == "post_add" and pk_set:
        clients = ApiClient.objects.filter(pk__in=pk_set) if reverse else ApiClient.objects.filter(pk=instance.pk)
        clients.update(is_limited=True)
    elif action in ("post_remove", "post_clear") and not reverse and not instance.miniprograms.exists():
        ApiClient.objects.filter(pk=instance.pk).update(is_limited=False)
    if not reverse:
        instance.refresh_from_db(fields=["is_limited"])
