"""What stands around the pages of one's own account."""

from django.http import HttpRequest


def find_layout(request: HttpRequest) -> str:
    """The template to extend: with the navigation for whoever has passed everything, else the bare panel."""
    return "accounts/page.html" if request.user.is_authenticated else "plain.html"
