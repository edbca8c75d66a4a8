"""The documentation of the API, in the frame of the other pages; anybody may read it."""

from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.generic import TemplateView

from apps.miniprograms.grants import visible_miniprograms


@method_decorator(cache_control(private=True, no_cache=True), name="dispatch")
class ApiDocsPage(TemplateView):
    """Swagger UI over /api/schema/; its examples have the first appid that the reader may see."""

    template_name = "gallery/api_docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        appids = visible_miniprograms(user).active().values_list("appid", flat=True) if user.is_staff else ()
        return super().get_context_data(**kwargs) | {"appid": next(iter(appids[:1]), "")}
