"""What the overview adds to the admin."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from apps.overview import miniprogram_page  # noqa: F401  (registers its admin)
from apps.overview.audit import AuditAdmin

admin.site.register(LogEntry, AuditAdmin)
# it slides in when its script runs, and moves the page; the start page and the breadcrumbs lead everywhere
admin.site.enable_nav_sidebar = False
