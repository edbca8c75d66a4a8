"""What can be wrong with a batch as a whole."""

from django.utils.translation import gettext_lazy as _

from apps.errors import Conflict, InvalidRequest, WxcodeError


class UnreadableInput(InvalidRequest):
    """The file or text is not a table that wxcode can read."""

    code = "unreadable_input"
    title = _("The rows cannot be read")


class TooManyRows(WxcodeError):
    """More rows than this caller may put into one batch."""

    code = "too_many_rows"
    title = _("Too many rows")
    http_status = 413


class TooManyBatches(WxcodeError):
    """The caller has as many open batches as it may have."""

    code = "too_many_batches"
    title = _("Too many open batches")
    http_status = 429
    is_retryable = True


class RowsInvalid(InvalidRequest):
    """Rows break rules that are known before WeChat is asked; nothing was stored."""

    code = "rows_invalid"
    title = _("Some rows are not valid")


class WrongState(Conflict):
    """A batch in this state cannot do that."""

    code = "batch_state"
    title = _("Not possible in this state")
