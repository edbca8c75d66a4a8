"""Names of the cookies that a browser gets here beside Django's own."""

from django.conf import settings


def cookie_name(name: str) -> str:
    """`name` with the prefix that keeps other sites and plain HTTP from setting it, where cookies are secure."""
    if not settings.SESSION_COOKIE_SECURE:
        return name
    return f"{'__Host-' if settings.SESSION_COOKIE_PATH == '/' else '__Secure-'}{name}"
