"""A second factor that the test has in its hands, as a telephone would."""

from typing import Any

from django.contrib.auth.models import User
from django_otp.oath import TOTP

from apps.accounts import second_factor
from apps.accounts.models import SecondFactor


def code_of(device: SecondFactor, *, later: int = 0) -> str:
    """What the app shows `later` half minutes from now."""
    totp = TOTP(device.open_key())
    totp.drift = later
    return f"{totp.token():06d}"


def enrol(user: User) -> list[str]:
    """Sets one up with the code of a minute ago's neighbour, so that the code of now is still unused."""
    device = second_factor.begin(user)
    codes = second_factor.confirm(user, code_of(device, later=-1))
    assert codes is not None
    return codes


def device_of(user: User) -> Any:
    return SecondFactor.objects.get(user=user, confirmed=True)
