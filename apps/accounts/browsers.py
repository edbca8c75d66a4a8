"""A browser in short, from what it says of itself: enough for its owner to know it again."""

from django.utils.translation import gettext as _

# the first that is found; each of these also names those below it
BROWSERS = {
    "MicroMessenger/": "WeChat",
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "OpenHarmony": "HarmonyOS",
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_in_short(user_agent: str) -> str:
    """ "Firefox, Windows"; what is not known is called so."""
    found = [next((name for mark, name in names.items() if mark in user_agent), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or _("unknown browser")
