"""Staff with grants and rights: who sees what, for the tests of the gallery, the admin and the API."""

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from apps.miniprograms.models import MiniProgram
from tests.integration.gallery.staff import make_staff
from tests.reading import ReadingClient


def make_colleague(*miniprograms: MiniProgram, rights: tuple[str, ...] = (), name: str = "vera", **fields: Any) -> User:
    """Staff in a group that was granted `miniprograms`, with the permissions `rights` ("codes.add_issuedcode")."""
    user = make_staff(name, is_superuser=False, **fields)
    group = Group.objects.create(name=f"{name}'s group")
    group.miniprograms.set(miniprograms)
    for right in rights:
        app_label, codename = right.split(".")
        group.permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    user.groups.add(group)
    return user


def enter(*miniprograms: MiniProgram, **facts: Any) -> Client:
    """A browser in which such a colleague is signed in."""
    browser = ReadingClient()
    browser.force_login(make_colleague(*miniprograms, **facts))
    return browser
