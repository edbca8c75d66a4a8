"""The form of a mini-program with a box that has the credentials tried as soon as they are saved."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.miniprograms.forms import MiniProgramForm

FIELD = "verify_on_save"


class VerifyingForm(MiniProgramForm):
    """Ticked for a new mini-program: a wrong AppSecret or a missing address should show at once."""

    verify_on_save = forms.BooleanField(
        label=_("Verify when saved"),
        required=False,
        help_text=_(
            "Fetches a token and makes one cheap call to WeChat, and says what is wrong and what to do. In stable mode "
            "that costs nothing; in classic mode one of the day's 2,000 fetches, and the token before the present one "
            "stops at once."
        ),
    )

    class Meta(MiniProgramForm.Meta):
        help_texts: ClassVar[Any] = {
            "token_mode": _(
                "Does any other system fetch tokens of this appid? In stable mode both get the same one. In classic "
                "mode each fetch ends the other's token within minutes, and both see 40001 again and again."
            ),
            "env_version": _(
                "What a scan opens. release: the published version, for everybody. trial and develop: only for "
                "members and testers of the project, and gone when that version is."
            ),
            "is_active": _(
                "Off: no token is fetched and no code is issued for it. Codes that were printed keep working."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if FIELD in self.fields:
            self.fields[FIELD].initial = self.instance.pk is None

    @cached_property
    def changed_data(self) -> list[str]:
        """Without the box, which changes nothing and so has no place in the audit trail."""
        return [name for name in super().changed_data if name != FIELD]
