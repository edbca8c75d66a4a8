"""How a browser is named in short, in the list of one's sessions."""

from apps.accounts.browsers import browser_in_short

NAMES = {
    "Mozilla/5.0 (Linux; Android 15; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/134.0.0.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.60": "WeChat, Android",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1": "Safari, iPadOS",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Safari/537.36 Edg/142.0.0.0": "Edge, Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox, Linux",
    "curl/8.5.0": "unknown browser",
    "<script>": "unknown browser",
}


def test_a_browser_is_named_in_short() -> None:
    assert {user_agent: browser_in_short(user_agent) for user_agent in NAMES} == NAMES
