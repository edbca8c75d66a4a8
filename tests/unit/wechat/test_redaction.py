"""Texts and log records lose what looks like a credential, and nothing else."""

import logging

import pytest

from apps.wechat.redaction import REMOVED, without_credentials
from tests.unit.wechat.samples import RID, SECRET, TOKEN


@pytest.mark.parametrize(
    "text",
    [
        f"GET /cgi-bin/token?appid=wx1&secret={SECRET} HTTP/1.1",
        "secret=short",
        "appsecret: abc",
        '{"access_token":"t","expires_in":7200}',
        "?component_access_token=x",
        "authorizer_refresh_token = y",
        f"bad token {TOKEN}",
        f"bad secret {SECRET}.",
        f"bad secret {SECRET.upper()}",
    ],
)
def test_credentials_are_removed(text):
    cleaned = without_credentials(text)
    assert REMOVED in cleaned
    assert SECRET.lower() not in cleaned.lower() and TOKEN not in cleaned


def test_what_was_removed_already_is_left_alone():
    text = without_credentials(f'access_token={TOKEN}&a=1 [secret="{SECRET}"]', known=[TOKEN])
    assert text == f'access_token={REMOVED}&a=1 [secret="{REMOVED}"]'
    assert without_credentials(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"invalid page rid: {RID}",
        "invalid credential, access_token is invalid or not latest",
        "access_token expired",
        "invalid appsecret, view more at http://t.cn/RAEkdVq",
        "invalid ip 218.58.124.130 ipv6 ::ffff:218.58.124.130, not in whitelist",
        "more details at https://mmbizurl.cn/s/JtxxFh33r",
        "wx0123456789abcdef pages/product/detail/index",
    ],
)
def test_everything_else_stays(text):
    assert without_credentials(text) == text


def test_known_values_are_removed_however_short():
    assert without_credentials("saw s3 twice: s3", known=("s3", "")) == f"saw {REMOVED} twice: {REMOVED}"


def test_urllib3_cannot_log_an_address_with_a_credential(caplog):
    for name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        with caplog.at_level(logging.DEBUG, logger=name):
            logger.warning("Failed to parse headers (url=%s): %s", f"http://x/?secret={SECRET}", "why")
            logger.debug("%s", f"/wxa/getwxacodeunlimit?access_token={TOKEN}")
    assert SECRET not in caplog.text and TOKEN not in caplog.text
    assert caplog.text.count(REMOVED) == 6
