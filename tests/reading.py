"""A client that reads a page which comes in pieces to its end, as a browser does."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client


class ReadingClient(Client):
    """Answers have `.text` and `.content`; one that was streamed says so in `.was_streamed`. Files stay streams."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        if not isinstance(answer, StreamingHttpResponse) or not answer["Content-Type"].startswith("text/html"):
            return answer
        whole = HttpResponse(answer.getvalue(), status=answer.status_code, headers=answer.headers)
        whole.cookies = answer.cookies
        # what Django's client noted: context, templates, resolver_match ...
        whole.__dict__ = vars(answer) | vars(whole) | {"was_streamed": True}
        return whole
