"""A member of staff who calls the API from a session: the mini-programs of their groups, the scopes of their rights."""

from django.contrib.auth.models import User

from apps.clients.caller import Caller
from apps.clients.validation import Scope
from apps.miniprograms.grants import visible_appids

# scope -> the permissions that it takes, all of them: one scope covers what the gallery tells apart
NEEDED = {
    Scope.CODES_READ: (),
    Scope.CODES_CREATE: (
        "codes.add_issuedcode",
        "codes.change_issuedcode",
        "batches.add_codebatch",
        "batches.change_codebatch",
    ),
    Scope.TOKENS_READ: ("miniprograms.change_miniprogram",),
    Scope.TOKENS_REFRESH: ("miniprograms.change_miniprogram",),
}


def staff_caller(user: User) -> Caller:
    """The caller that `user` is."""
    return Caller(
        name=user.get_username(),
        client_id=None,
        user_id=user.pk,
        scopes=frozenset(scope.value for scope, needed in NEEDED.items() if user.has_perms(needed)),
        appids=visible_appids(user),
    )
