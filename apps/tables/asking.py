"""Pages of the admin that ask before something is done: the object by name, what follows, a button with the verb."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


class AsksFirst(admin.ModelAdmin):  # type: ignore[type-arg]
    """For buttons on one object; its POST comes again with `confirmed` when somebody has answered."""

    def is_answered(self, request: HttpRequest) -> bool:
        """Whether this is the POST of the page that asked."""
        return request.POST.get("confirmed") == "yes"

    def ask(
        self,
        request: HttpRequest,
        obj: Any,
        *,
        question: Any,
        button: Any,
        consequences: Sequence[Any] = (),
        is_stopping: bool = False,
        back: Any = "",
        form: Any = None,
    ) -> TemplateResponse:
        """`button` repeats the verb of `question`; it is red where it stops something."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": question,
            "original": obj,
            "consequences": consequences,
            "button": button,
            "is_stopping": is_stopping,
            "back": back,
            "form": form,
        }
        return TemplateResponse(request, "admin/ask_first.html", context)
