"""The admin's form for a mini-program: an AppSecret goes in once and never comes out."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.errors import InvalidRequest, join_sentences
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.proxies import assign_proxy
from apps.miniprograms.secrets import SECRET_MAX_LENGTH, SecretUnavailable, assign_secret, is_outside_ref
from apps.wechat.proxies import LOGIN_MAX_LENGTH, has_login, proxy_problems, without_login
from apps.wechat.rules import page_problems
from apps.wechat.types import WIDTH_DEFAULT

# as the gallery calls them; the help adds the parameter's name
LABELS = {
    "env_version": _("Version"),
    "check_path": _("Check that the page is published"),
    "width": _("Width in pixels"),
    "auto_color": _("Automatic line colour"),
    "line_color": _("Line colour"),
    "is_hyaline": _("Transparent background"),
}


class AppidField(forms.CharField):
    """WeChat writes it in small letters; some pages and spreadsheets do not."""

    def to_python(self, value: Any) -> Any:
        return str(super().to_python(value) or "").lower()


class MiniProgramForm(forms.ModelForm):  # type: ignore[type-arg]
    """Either paste the AppSecret or say where it is; an existing one stays unless a new one is given."""

    appid = AppidField(
        label=_("AppID"),
        # those of the model, and room for what is pasted around it
        validators=MiniProgram._meta.get_field("appid").validators[:1],
        help_text=MiniProgram._meta.get_field("appid").help_text,
        widget=forms.TextInput(attrs={"size": 40, "autocomplete": "off", "spellcheck": "false"}),
    )
    app_secret = forms.CharField(
        label=_("AppSecret"),
        required=False,
        strip=True,
        max_length=SECRET_MAX_LENGTH,
        # autocomplete is off so that no browser offers the operator's own password
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "size": 40}),
        help_text=_(
            "Paste it once. It is encrypted when you save and never shown again. You find it in the console "
            "(mp.weixin.qq.com) under 开发管理 → 开发设置 → AppSecret(小程序密钥). On the same page, also add this "
            "server’s IP address to the IP whitelist (IP白名单). Otherwise WeChat returns error 40164."
        ),
    )
    secret_source = forms.CharField(
        label=_("AppSecret location"),
        required=False,
        max_length=255,
        widget=forms.TextInput(
            attrs={"placeholder": "env:NAME  ·  file:/run/secrets/name", "size": 40, "autocomplete": "off"}
        ),
        help_text=_("Instead of pasting it: an environment variable or a file that all processes can read."),
    )

    proxy_login = forms.CharField(
        label=_("proxy login"),
        required=False,
        strip=True,
        max_length=LOGIN_MAX_LENGTH,
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "new-password", "size": 40, "placeholder": "user:password"},  # nosec B105
        ),
        help_text=_(
            "user:password. Encrypted when you save and never shown again. Leave blank to keep the current one; "
            "changing the proxy address clears it."
        ),
    )

    # what is left empty, or out, is WeChat's own default
    width = forms.IntegerField(
        label=LABELS["width"], required=False, help_text=MiniProgram._meta.get_field("width").help_text
    )
    line_color = forms.CharField(
        label=LABELS["line_color"],
        required=False,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=MiniProgram._meta.get_field("line_color").help_text,
    )

    class Meta:
        model = MiniProgram
        widgets: ClassVar[Any] = {"groups": forms.CheckboxSelectMultiple}
        labels: ClassVar[Any] = LABELS
        fields = [
            "appid",
            "name",
            "token_mode",
            "default_page",
            "env_version",
            "check_path",
            "width",
            "auto_color",
            "line_color",
            "is_hyaline",
            "proxy_url",
            "is_sandbox",
            "is_default",
            "is_active",
            "groups",
            "notes",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = capfirst(field.label)
            if name in LABELS:
                facts = {"help": field.help_text, "name": name}
                field.help_text = (_("%(help)s API parameter: %(name)s.") % facts).strip()
        if self.instance.pk is not None and "app_secret" in self.fields:
            secret, keep = self.fields["app_secret"], _("Leave blank to keep the current one.")
            secret.help_text = f"{secret.help_text} {keep}"
        if "groups" in self.fields and not Group.objects.exists():
            groups, none = self.fields["groups"], _("There is no group yet.")
            groups.help_text = f"{none} {groups.help_text}"

    def full_clean(self) -> None:
        """The first field with a mistake has the focus when the page comes back."""
        super().full_clean()
        wrong = next((name for name in self.fields if self.is_bound and name in self.errors), None)
        if wrong is not None:
            self.fields[wrong].widget.attrs["autofocus"] = True

    def clean_default_page(self) -> str:
        page: str = self.cleaned_data["default_page"]
        if problems := page_problems(page):
            raise forms.ValidationError(problems)
        return page

    def clean_proxy_url(self) -> str:
        url: str = self.cleaned_data["proxy_url"].strip()
        if has_login(url):
            # no page may repeat the password; the address itself is not lost
            self.data = {**self.data, self.add_prefix("proxy_url"): without_login(url)}
        if url and (problems := proxy_problems(url)):
            raise forms.ValidationError(problems)
        return url

    def clean_width(self) -> int:
        width: int | None = self.cleaned_data["width"]
        return WIDTH_DEFAULT if width is None else width

    def clean_line_color(self) -> str:
        return self.cleaned_data["line_color"].lower() or "#000000"

    def clean_secret_source(self) -> str:
        source: str = self.cleaned_data["secret_source"]
        if source and not is_outside_ref(source):
            # it may be the AppSecret itself, which no page may repeat
            self.data = {**self.data, self.add_prefix("secret_source"): ""}
            raise forms.ValidationError(
                _("Enter env:NAME or file:/path here. The AppSecret itself goes in the field above.")
            )
        return source

    @sensitive_variables("secret", "login")
    def _post_clean(self) -> None:
        """Seals when everything else is right, so that a refused form leaves nothing behind."""
        known_url = self.instance.proxy_url
        super()._post_clean()  # type: ignore[misc]
        # no longer in the form: what is saved, logged or shown afterwards cannot hold it
        secret: str = self.cleaned_data.pop("app_secret", "")
        login: str = self.cleaned_data.pop("proxy_login", "")
        source: str = self.cleaned_data.get("secret_source", "")
        if secret and source:
            self.add_error("secret_source", _("Enter the AppSecret or its location, not both."))
        elif not secret and not source and not self.instance.secret_ref and "secret_source" not in self.errors:
            self.add_error("app_secret", _("Enter the AppSecret, or its location."))
        elif (secret or source) and not self.errors:
            self._assign(secret, source)
        if not self.errors:
            self._assign_proxy(known_url, login)

    @sensitive_variables("login")
    def _assign_proxy(self, known_url: str, login: str) -> None:
        url: str = self.instance.proxy_url
        self.instance.proxy_url = known_url
        try:
            assign_proxy(self.instance, url=url, login=login)
        except InvalidRequest as error:
            for field, problems in (error.errors or {}).items():
                self.add_error(field, list(problems))
        except SecretUnavailable as error:
            self.add_error("proxy_login", join_sentences(error, error.advice))

    @sensitive_variables("secret")
    def _assign(self, secret: str, source: str) -> None:
        try:
            assign_secret(self.instance, secret=secret, secret_ref=source)
        except SecretUnavailable as error:
            field = "app_secret" if secret else "secret_source"
            self.add_error(field, join_sentences(error, error.advice))
