"""What a mini-program has for its life, 100,000 codes and 60,000 pages: counted, warned about, never spent twice."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.codes.derived import text_key
from apps.codes.models import IssuedCode, Kind, LifetimePool, UncheckedPage
from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.errors import Conflict, WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.wechat.errors import MalformedResponse, WeChatUnreachable
from apps.wechat.types import LIFETIME_CODES, UNCHECKED_PAGES

logger = logging.getLogger(__name__)

# Longer than any call: what is found after it belongs to a process that died with the call.
CALL_SECONDS = 60
# After a lost answer, programs that repeat by themselves have given up by then; people have read why.
LOST_SECONDS = 60


class AnswerLost(Conflict):
    """The same code was asked for a moment ago, and whether WeChat counted it is not known."""

    code = "wechat_answer_lost"
    title = _("WeChat may have counted this code already")


@contextmanager
def spending(miniprogram: MiniProgram, digest: str) -> Iterator[None]:
    """Around the call that costs one of the 100,000.

    While it runs, and for a minute after its answer was lost, the same call is refused: neither a follower of a
    process that died nor a client that repeats by itself spends a second one. A refusal by WeChat costs nothing
    and ends it at once. Raises AnswerLost, CoordinationUnavailable.
    """
    mark = key("lifetime-call", miniprogram.appid, digest)
    with redis_errors() as redis:
        if not redis.set(mark, 1, nx=True, ex=CALL_SECONDS):
            raise AnswerLost(
                _("The response to the same request was lost a moment ago; WeChat may already have counted it."),
                advice=_("Retry after %(seconds)d s if you accept using up one more of the 100,000 codes.")
                % {"seconds": LOST_SECONDS},
                retry_after=LOST_SECONDS,
            )
    try:
        yield
    except (WeChatUnreachable, MalformedResponse):
        _note_lost(miniprogram)
        with suppress(CoordinationUnavailable), redis_errors() as redis:
            redis.expire(mark, LOST_SECONDS)
        raise
    except WxcodeError:
        _clear(mark)
        raise
    _clear(mark)


def codes_left(miniprogram: MiniProgram) -> int:
    """How many of the 100,000 are left; lost answers count as gone."""
    pool = LifetimePool.objects.filter(miniprogram=miniprogram).first() or LifetimePool()
    return max(LIFETIME_CODES - pool.used - pool.uncertain, 0)


def note_used(miniprogram: MiniProgram, num_used: int | None) -> int:
    """Count one code; with WeChat's own count, its `Num-Used`, that one. Answers how many are used now."""
    with transaction.atomic():
        pool = _locked_pool(miniprogram)
        if num_used is None:
            pool.used += 1
        else:
            # answers may overtake each other
            pool.used = max(pool.used, num_used)
            pool.uncertain = 0
        pool.save()
    if pool.is_warning:
        logger.warning(
            "%s has used %d of its %d limited and square codes", miniprogram.appid, pool.used, LIFETIME_CODES
        )
    return pool.used if num_used is None else num_used


def is_page_noted(code: IssuedCode) -> bool:
    """Whether its page counts as one of the 60,000 that WeChat does not check."""
    return code.kind == Kind.UNLIMITED and not code.check_path and bool(code.page)


def note_pages(miniprogram: MiniProgram, codes: Iterable[IssuedCode]) -> None:
    """Count the pages of those `codes` that WeChat did not check; in the transaction that saves them."""
    pages = {code.page: text_key(code.page) for code in codes if is_page_noted(code)}
    if not pages:
        return
    known = UncheckedPage.objects.filter(miniprogram=miniprogram)
    seen = set(known.filter(page_key__in=pages.values()).values_list("page_key", flat=True))
    new = [UncheckedPage(miniprogram=miniprogram, page=page) for page, key in pages.items() if key not in seen]
    if not new:
        return
    # the lock first: whoever counts after it sees what the one before has written
    pool = _locked_pool(miniprogram)
    UncheckedPage.objects.bulk_create(new, ignore_conflicts=True)
    pool.unchecked_pages = known.count()
    pool.save()
    if pool.is_page_warning:
        logger.warning(
            "%s has codes with check_path off for %d of the %d different pages that WeChat allows",
            miniprogram.appid,
            pool.unchecked_pages,
            UNCHECKED_PAGES,
        )


def _note_lost(miniprogram: MiniProgram) -> None:
    with transaction.atomic():
        pool = _locked_pool(miniprogram)
        pool.uncertain += 1
        pool.save()


def _locked_pool(miniprogram: MiniProgram) -> LifetimePool:
    pool, _is_new = LifetimePool.objects.select_for_update().get_or_create(miniprogram=miniprogram)
    return pool


def _clear(mark: str) -> None:
    # without Redis it ends by itself, and the picture still counts
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        redis.delete(mark)
