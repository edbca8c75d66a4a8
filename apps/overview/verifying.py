"""The form of a mini-program whose AppSecret is tried at WeChat before it is saved."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.errors import WxcodeError
from apps.miniprograms.forms import MiniProgramForm
from apps.tokens.operations import find_cure

FIELD = "verify_on_save"
INVALID_APPID = 40013


class VerifyingForm(MiniProgramForm):
    """A wrong AppSecret or a missing address shows while the form is still open, and never replaces a good one."""

    # what WeChat said of this very input; the admin sets it on the class that it makes for the request
    refusal: WxcodeError | None = None

    verify_on_save = forms.BooleanField(
        label=gettext_lazy("Verify on save"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "A new AppSecret is tried with a token and a test call before it is saved, and you are told what is wrong "
            "and how to fix it. Clear the box to save without asking WeChat."
        ),
    )

    class Meta(MiniProgramForm.Meta):
        help_texts: ClassVar[Any] = {
            "token_mode": gettext_lazy(
                "Does another system fetch tokens for this appid? In stable mode, both get the same token. In classic "
                "mode, each fetch invalidates the other’s token within minutes, and both keep getting error 40001."
            ),
            "env_version": gettext_lazy(
                "The version that opens when the code is scanned. release: the published version, for everyone. trial "
                "and develop: only for project members and testers, and only as long as that version exists."
            ),
            "is_active": gettext_lazy(
                "When off, no tokens are fetched and no codes are created. Printed codes keep working."
            ),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal is not None and not self.errors:
            words = _("%(problem)s %(cure)s To save it without verifying, clear “Verify on save”.")
            facts = {"problem": self.refusal, "cure": find_cure(self.refusal)}
            self.add_error(self._refused_field(cleaned), words % facts)
        return cleaned

    def _refused_field(self, cleaned: Mapping[str, Any]) -> str:
        if self.refusal is not None and self.refusal.errcode == INVALID_APPID and "appid" in self.fields:
            return "appid"
        return "secret_source" if cleaned.get("secret_source") else "app_secret"

    def has_new_secret(self) -> bool:
        """Whether there is something to try: a pasted AppSecret, or another reference to one."""
        return self.is_bound and any(self.data.get(self.add_prefix(name)) for name in ("app_secret", "secret_source"))

    @cached_property
    def changed_data(self) -> list[str]:
        """Without the box, which changes nothing and so has no place in the audit trail."""
        return [name for name in super().changed_data if name != FIELD]
