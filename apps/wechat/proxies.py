"""The proxy that a mini-program's calls go through: its address in the clear, its login apart from it."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext_lazy as _

SCHEMES = ("http", "socks5", "socks5h")
LOGIN_MAX_LENGTH = 255
_ADDRESS = "http://proxy.example.com:3128, socks5://10.0.0.5:1080"


@dataclass(frozen=True)
class Proxy:
    """`url` is `scheme://host:port`; `login` is `user:password` or empty, and in no text that anybody sees."""

    url: str
    login: str = field(default="", repr=False)

    @property
    def full_url(self) -> str:
        """The address with the login, for the HTTP library alone."""
        if not self.login:
            return self.url
        scheme, _separator, place = self.url.partition("://")
        user, _colon, password = self.login.partition(":")
        return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{place}"


def proxy_problems(url: str) -> list[str]:
    """Everything that is wrong with the address of a proxy, each with its cure; never repeats a login."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    problems = []
    if has_login(url):
        problems.append(
            str(
                _(
                    "Remove user name and password from the address. Enter them in the field "
                    "below; they are stored encrypted."
                )
            )
        )
    if parts.scheme not in SCHEMES:
        problems.append(str(_("Start with http://, socks5:// or socks5h:// (the proxy resolves host names).")))
    elif not host or not port:
        problems.append(str(_("Enter host and port, for example %(address)s.") % {"address": _ADDRESS}))
    if parts.path.strip("/") or parts.query or parts.fragment or any(not each.isprintable() for each in url):
        problems.append(str(_("Remove everything after the port.")))
    return problems


def has_login(url: str) -> bool:
    """Whether the address carries a user or a password."""
    return "@" in url


def without_login(url: str) -> str:
    """The address without what stands before its last @."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url.rpartition("@")[2]


def login_problems(login: str) -> list[str]:
    """What is wrong with `user:password`."""
    user, colon, _password = login.partition(":")
    if not colon or not user or not login.isprintable() or len(login) > LOGIN_MAX_LENGTH:
        return [str(_("Enter user:password on one line, with a colon in between, at most 255 characters."))]
    return []
