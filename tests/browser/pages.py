"""The address of every page by name: the gallery's by hand, the admin's from its own register."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.template.loader import select_template
from django.test import RequestFactory
from django.urls import reverse
from playwright.sync_api import Page

from tests.browser.world import World


def open_pages() -> dict[str, str]:
    """For whoever is not logged in."""
    return {"login": "/login/", "admin-login": "/admin/login/"}


def gallery_pages(world: World) -> dict[str, str]:
    pages = {
        "gallery": "/",
        "gallery-nothing-found": "/?q=nothing-like-this",
        "detail": f"/codes/{world.code.pk}/",
        "print": f"/codes/{world.code.pk}/print/",
        "make": "/make/",
        "made": f"/make/?made={world.code.pk}",
        "batches": "/batches/",
        "new-batch": "/batches/new/",
        "selections": "/selections/",
        "selection": f"/selections/{world.selection.pk}/",
        "account": reverse("accounts:account"),
        "password": reverse("accounts:password"),
        "second-factor": reverse("accounts:set-up"),
    }
    return pages | {f"batch-{name}": f"/batches/{batch.pk}/" for name, batch in world.batches.items()}


def kind_of_history(row: Model) -> tuple[str, bool]:
    app, model = row._meta.app_label, row._meta.model_name
    directories = [f"{app}/{model}/", f"{app}/", ""]
    template = select_template([f"admin/{directory}object_history.html" for directory in directories])
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(row), object_id=row.pk)
    return template.template.name, entries.exists()


def admin_pages(world: World) -> dict[str, str]:
    """The start page, then list, form and deletion of every model, where the admin has and allows them.

    And one history of each kind: with and without entries, for each template.
    """
    pages = {
        "admin": reverse("admin:index"),
        "admin-health": reverse("token-health"),
        "admin-user-password": reverse("admin:auth_user_password_change", args=[world.staff.pk]),
    }
    request = RequestFactory().get("/admin/")
    request.user = world.staff
    histories: set[tuple[str, bool]] = set()
    for model, its_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        short = f"admin-{model._meta.model_name}"
        pages[f"{short}-list"] = reverse(f"admin:{name}_changelist")
        # what only wxcode writes has no page to add a row
        if its_admin.has_add_permission(request):
            pages[f"{short}-add"] = reverse(f"admin:{name}_add")
        # the mini-program in trouble has the fullest page
        row = world.sick if model is type(world.sick) else model._default_manager.order_by("-pk").first()
        if row is not None:
            for part in ("change", "history", "delete"):
                if part == "delete" and not its_admin.has_delete_permission(request, row):
                    continue
                if part == "history":
                    kind = kind_of_history(row)
                    if kind in histories:
                        continue
                    histories.add(kind)
                pages[f"{short}-{part}"] = reverse(f"admin:{name}_{part}", args=[row.pk])
    pages["admin-miniprogram-well"] = reverse("admin:miniprograms_miniprogram_change", args=[world.tea.pk])
    return pages


# what a button leads to: the page that asks first, or the page with the answer
ACTIONS = {
    "action-verify": ("admin-miniprogram-well", "verify_credentials"),
    "action-quota": ("admin-miniprogram-well", "live_quota"),
    "action-pause": ("admin-miniprogram-well", "pause_refresh"),
    "action-rotate-key": ("admin-apiclient-change", "rotate_key"),
    "action-revoke": ("admin-apiclient-change", "revoke"),
    "action-rid": ("admin-failedattempt-change", "look_up_rid"),
    "action-cancel-batch": ("admin-codebatch-change", "cancel"),
}


def press(page: Page, world: World, name: str) -> None:
    """Opens the page of ACTIONS by its button, as only a POST does."""
    begin, action = ACTIONS[name]
    page.goto(admin_pages(world)[begin])
    with page.expect_navigation():
        page.locator(f'[action$="/{action}/"] button, button[formaction$="/{action}/"]').first.click()


def has_room(page: Page) -> bool:
    """Whether nothing sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
