"""The one place where an address refuses query parameters that it does not take."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from apps.api.queries import OF_LISTS, refuse_unknown


class OwnParametersOnly(APIView):
    """Base of every view below /api/v1/, written before a generic one: a parameter that it does not take is refused.

    `query_parameters` says per method what it takes, nothing unless told; a list takes its filters and its pages too.
    """

    query_parameters: ClassVar[Mapping[str, Sequence[str]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Behind the key, which is asked for first. Raises InvalidRequest."""
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else str(request.method)
        # OPTIONS describes; what is not answered at all is a 405
        if method != "OPTIONS" and method in self.allowed_methods:
            refuse_unknown(request.query_params, self.find_parameters(method))

    def find_parameters(self, method: str) -> list[str]:
        """What this view takes in the query."""
        own = list(self.query_parameters.get(method, ()))
        filters = getattr(self, "filterset_class", None)
        if method != "GET" or filters is None:
            return own
        return [*filters.base_filters, *OF_LISTS, *own]
