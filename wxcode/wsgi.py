"""The WSGI applications that granian serves: `application`, and `django_application` without the layer in front."""

from django.core.wsgi import get_wsgi_application

from wxcode.starting import require_settings

require_settings()
django_application = get_wsgi_application()

# only now, because they need the models; the first request would load the pages
import wxcode.urls  # noqa: E402, F401
from apps.tokens.front import TokenFront  # noqa: E402
from wxcode.garbage import settle  # noqa: E402
from wxcode.incoming import Incoming  # noqa: E402
from wxcode.request_ids import RequestIds  # noqa: E402
from wxcode.warm_up import load  # noqa: E402

application = TokenFront(RequestIds(Incoming(django_application)))

load()
settle()
