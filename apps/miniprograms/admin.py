"""Mini-programs in Django admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from apps.miniprograms import group_page  # noqa: F401  (registers its admin)
from apps.miniprograms.forms import LABELS, MiniProgramForm
from apps.miniprograms.granted_admin import GrantedRows
from apps.miniprograms.grants import sees_every
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import SecretUnavailable, has_secret_changed
from apps.tables.deletion import CountedDeletion, find_holders
from apps.tables.status_filter import StatusFilter

KEPT_FACTS = ["secret_condition", "secret_kind", "secret_fingerprint", "proxy_login_kept"]
GOOD, BAD = "✔", "✖"


@admin.register(MiniProgram)
class MiniProgramAdmin(CountedDeletion, GrantedRows):
    """One form for everything; the token columns and buttons are added by the tokens app."""

    form = MiniProgramForm
    miniprogram_path = "pk"
    trail_untold = ("proxy_url",)
    trail_on_add = ("groups",)
    instead_of_deleting = _(
        "Deactivate it instead (untick “Active”): no more tokens are fetched, and printed codes keep working."
    )
    list_display = ["name", "appid", "env_version", "is_sandbox", "is_active"]
    list_filter = [StatusFilter, "is_sandbox", "token_mode", "env_version"]
    search_fields = ["name", "appid", "notes"]
    list_per_page = 50
    # both modes with their sentence, not one behind a menu
    radio_fields = {"token_mode": admin.VERTICAL}
    readonly_fields = ["fixed_appid", *KEPT_FACTS, "created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["appid", "name", "app_secret", "secret_condition"]}),
        (
            _("AppSecret in an environment variable or a file"),
            {"fields": ["secret_source", "secret_kind", "secret_fingerprint"], "classes": ["collapse"]},
        ),
        (_("Access token"), {"fields": ["token_mode"], "classes": ["collapse"]}),
        (
            _("Defaults for codes"),
            {
                "fields": ["default_page", *LABELS],
                "classes": ["collapse"],
                "description": _(
                    "Used when a request doesn’t set a value. The response shows the value that was used."
                ),
            },
        ),
        (_("Access"), {"fields": ["groups"], "classes": ["collapse"]}),
        (
            _("Proxy"),
            {
                "fields": ["proxy_url", "proxy_login", "proxy_login_kept"],
                "classes": ["collapse"],
                "description": _(
                    "Only needed if this server reaches WeChat through a proxy, for example for a fixed IP address."
                ),
            },
        ),
        (
            _("Status, sandbox and notes"),
            {
                "fields": ["is_active", "is_default", "is_sandbox", "notes", "created_at", "updated_at"],
                "classes": ["collapse"],
            },
        ),
    ]

    @method_decorator(sensitive_post_parameters("app_secret", "secret_source", "proxy_url", "proxy_login"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keeps what was pasted out of error reports."""
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return response

    def get_fieldsets(self, request: HttpRequest, obj: MiniProgram | None = None) -> Any:
        left_out = {*KEPT_FACTS, "created_at", "updated_at"} if obj is None else set()
        appid = "appid" if self.can_correct_appid(obj) else "fixed_appid"
        named = [
            (title, [appid if name == "appid" else name for name in options["fields"] if name not in left_out], options)
            for title, options in self.fieldsets
        ]
        return [(title, options | {"fields": names}) for title, names, options in named]

    def can_correct_appid(self, obj: MiniProgram | None) -> bool:
        """Codes and batches belong to the appid: with another one they would be those of another mini-program."""
        return obj is None or not _find_holders(obj)

    def get_readonly_fields(self, request: HttpRequest, obj: MiniProgram | None = None) -> Any:
        # a field of the form itself, which would stay otherwise
        own = self.readonly_fields if self.can_correct_appid(obj) else [*self.readonly_fields, "appid"]
        # a grant is part of the group, and who may not change groups may not widen them from here
        return own if request.user.has_perm("auth.change_group") else [*own, "groups"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # a new one is granted to nobody yet, its maker would not find it
        return sees_every(request.user) and super().has_add_permission(request)

    @admin.display(description=_("AppID"))
    def fixed_appid(self, miniprogram: MiniProgram) -> str:
        """It, and why it is no field any more."""
        words = _(
            "It can’t be changed, because these belong to it: %(holders)s. If it is wrong, add the right one as "
            "another mini-program and deactivate this one."
        )
        holders = ", ".join(_find_holders(miniprogram))
        return format_html('{}<br><span class="token-note">{}</span>', miniprogram.appid, words % {"holders": holders})

    @admin.display(description=_("AppSecret stored in"))
    def secret_kind(self, miniprogram: MiniProgram) -> str:
        """Where the secret is, without the address of a sealed one."""
        kind, _colon, place = miniprogram.secret_ref.partition(":")
        return str(_("database (encrypted)")) if kind == "sealed" else f"{kind}:{place}"

    @admin.display(description=_("proxy login stored in"))
    def proxy_login_kept(self, miniprogram: MiniProgram) -> str:
        """Whether there is one and of which kind, never which."""
        kind, _colon, place = miniprogram.proxy_login_ref.partition(":")
        if not kind:
            return str(_("none"))
        return str(_("database (encrypted)")) if kind == "sealed" else f"{kind}:{place}"

    @admin.display(description=_("AppSecret status"))
    def secret_condition(self, miniprogram: MiniProgram) -> str:
        """Whether this process can read it, and whether it still is the one that was entered."""
        try:
            has_changed = has_secret_changed(miniprogram)
        except SecretUnavailable as error:
            return format_html("<strong>{} {}</strong> {}", BAD, error, error.advice)
        if has_changed:
            warning = _("This is not the AppSecret that was entered: it has changed at its source.")
            advice = _("If that was on purpose, enter the same reference again to confirm it.")
            return format_html("<strong>{} {}</strong> {}", BAD, warning, advice)
        return format_html("{} {}", GOOD, _("Readable and unchanged."))


def _find_holders(miniprogram: Any) -> list[str]:
    """What belongs to it; looked up once for a page, which asks several times."""
    if not hasattr(miniprogram, "holders"):
        miniprogram.holders = find_holders(MiniProgram, [miniprogram])
    found: list[str] = miniprogram.holders
    return found
