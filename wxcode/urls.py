"""Every address of the service: include lines only."""

from django.contrib import admin
from django.urls import include, path, re_path

from apps.api.problems import not_found
from apps.gateway.wechat_elsewhere import elsewhere
from apps.monitoring.metrics import metrics
from wxcode.health import healthz, readyz

handler400 = "apps.gateway.failures.bad_request"
handler403 = "apps.api.problems.permission_denied"
handler404 = "apps.api.problems.page_not_found"
handler500 = "apps.gateway.failures.server_error"

urlpatterns = [
    path("", include("apps.accounts.urls")),
    path("admin/tokens/", include("apps.tokens.admin_urls")),
    path("admin/", include("apps.overview.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("apps.codes.urls")),
    path("api/v1/", include("apps.batches.urls")),
    path("api/v1/", include("apps.tokens.urls")),
    path("api/docs/", include("apps.gallery.docs_urls")),
    path("api/", include("apps.gateway.older_urls")),
    path("api/", include("apps.api.urls")),
    path("wechat/", include("apps.gateway.wechat_urls")),
    # without /wechat in front, or with a slash too many
    re_path(r"^(?:/*)(?:wechat|cgi-bin|wxa)(?:/|$)", elsewhere),
    re_path(r"^/+api/", not_found),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz),
    path("metrics", metrics),
    path("", include("apps.gallery.urls")),
]
