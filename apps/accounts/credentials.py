"""Another password or e-mail address, wherever it comes from: the holder gets a notice."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.dispatch import receiver

from apps.accounts.models import SecurityNotice
from apps.accounts.notices import tell_holder

WATCHED = {"password", "email"}
Kind = SecurityNotice.Kind


@receiver(pre_save, sender=User)
def tell_of_changes(
    sender: Any, instance: User, raw: bool = False, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    """Before the change, so that where nobody opened a transaction there is no change without its notice."""
    names = WATCHED if update_fields is None else WATCHED & update_fields
    before = User.objects.filter(pk=instance.pk).values(*WATCHED).first() if names and not raw else None
    if before is None:
        return
    if "password" in names and before["password"] != instance.password and not _is_same_anew(instance):
        tell_holder(instance, Kind.PASSWORD_CHANGED)
    if "email" in names and before["email"] != instance.email:
        tell_holder(instance, Kind.EMAIL_CHANGED)


def _is_same_anew(user: Any) -> bool:
    """Whether Django stores the password that was just given under a newer hash: it marks that by no `_password`."""
    return user.has_usable_password() and user._password is None
