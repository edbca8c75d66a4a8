"""Mini-programs in Django admin."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from apps.miniprograms import group_page  # noqa: F401  (registers its admin)
from apps.miniprograms.forms import MiniProgramForm
from apps.miniprograms.granted_admin import GrantedRows
from apps.miniprograms.grants import sees_every
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import SecretUnavailable, has_secret_changed
from apps.tables.deletion import CountedDeletion

KEPT_FACTS = ["secret_kind", "secret_condition", "secret_fingerprint", "proxy_login_kept"]
GOOD, BAD = "✔", "✖"


@admin.register(MiniProgram)
class MiniProgramAdmin(CountedDeletion, GrantedRows):
    """One form for everything; the token columns and buttons are added by the tokens app."""

    form = MiniProgramForm
    miniprogram_path = "pk"
    trail_untold = ("proxy_url",)
    trail_on_add = ("groups",)
    instead_of_deleting = _(
        "Switch it off instead (“Active”): no token is fetched then, and printed codes keep working."
    )
    list_display = ["name", "appid", "env_version", "is_sandbox", "is_active"]
    list_filter = ["is_active", "is_sandbox", "token_mode", "env_version"]
    search_fields = ["name", "appid", "notes"]
    list_per_page = 50
    # both modes with their sentence, not one behind a menu
    radio_fields = {"token_mode": admin.VERTICAL}
    readonly_fields = [*KEPT_FACTS, "created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["appid", "name", "is_active"]}),
        (
            _("AppSecret"),
            {
                "fields": ["app_secret", "secret_source", *KEPT_FACTS[:3]],
                "description": _(
                    "Also add this server's address to the IP whitelist on the same page of the console "
                    "(IP白名单), or WeChat answers 40164."
                ),
            },
        ),
        (_("Access token"), {"fields": ["token_mode"]}),
        (
            _("Defaults for codes"),
            {
                "fields": [
                    "default_page",
                    "env_version",
                    "check_path",
                    "width",
                    "auto_color",
                    "line_color",
                    "is_hyaline",
                ],
                "description": _("Used where a request says nothing; the answer tells what was used."),
            },
        ),
        (_("Who sees it"), {"fields": ["groups"]}),
        (
            _("Way out"),
            {
                "fields": ["proxy_url", "proxy_login", "proxy_login_kept"],
                "description": _("Only where WeChat is reached through a proxy, or must see its fixed address."),
            },
        ),
        (_("More"), {"fields": ["is_default", "is_sandbox", "notes", "created_at", "updated_at"]}),
    ]

    @method_decorator(sensitive_post_parameters("app_secret", "secret_source", "proxy_url", "proxy_login"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keeps what was pasted out of error reports."""
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return response

    def get_fieldsets(self, request: HttpRequest, obj: MiniProgram | None = None) -> Any:
        if obj is not None:
            return self.fieldsets
        unknown_yet = {*KEPT_FACTS, "created_at", "updated_at"}
        return [
            (title, options | {"fields": [name for name in options["fields"] if name not in unknown_yet]})
            for title, options in self.fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: MiniProgram | None = None) -> Any:
        # tokens, codes and their history belong to the appid: another one is another mini-program
        own = self.readonly_fields if obj is None else ["appid", *self.readonly_fields]
        # a grant is part of the group, and who may not change groups may not widen them from here
        return own if request.user.has_perm("auth.change_group") else [*own, "groups"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # a new one is granted to nobody yet, its maker would not find it
        return sees_every(request.user) and super().has_add_permission(request)

    @admin.display(description=_("AppSecret is"))
    def secret_kind(self, miniprogram: MiniProgram) -> str:
        """Where the secret is, without the address of a sealed one."""
        kind, _colon, place = miniprogram.secret_ref.partition(":")
        return str(_("sealed in the database")) if kind == "sealed" else f"{kind}:{place}"

    @admin.display(description=_("proxy login is"))
    def proxy_login_kept(self, miniprogram: MiniProgram) -> str:
        """Whether there is one and of which kind, never which."""
        kind, _colon, place = miniprogram.proxy_login_ref.partition(":")
        if not kind:
            return str(_("none"))
        return str(_("sealed in the database")) if kind == "sealed" else f"{kind}:{place}"

    @admin.display(description=_("can be used here"))
    def secret_condition(self, miniprogram: MiniProgram) -> str:
        """Whether this process can read it, and whether it still is the one that was entered."""
        try:
            has_changed = has_secret_changed(miniprogram)
        except SecretUnavailable as error:
            return format_html("<strong>{} {}</strong> {}", BAD, error, error.advice)
        if has_changed:
            warning = _("It is not the AppSecret that was entered here: it has changed underneath.")
            advice = _("If that was on purpose, enter the same reference again to confirm it.")
            return format_html("<strong>{} {}</strong> {}", BAD, warning, advice)
        return format_html("{} {}", GOOD, _("Readable, and the same as when it was entered."))
