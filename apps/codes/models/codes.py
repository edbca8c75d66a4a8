"""IssuedCode, where the picture lives and what the history remembers; its tags, and pictures that it had before."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.clients.models import ApiClient
from apps.codes.derived import DerivedBigIntegerField, DerivedTextField, text_key
from apps.codes.grams import gram_text
from apps.codes.models.kinds import Door, Kind
from apps.miniprograms.models import EnvVersion, MiniProgram
from apps.wechat.types import PAGE_MAX_LENGTH, SCENE_MAX_LENGTH, WIDTH_DEFAULT

LABEL_MAX_LENGTH = 100
TAG_MAX_LENGTH = 50
EXTERNAL_ID_MAX_LENGTH = 100
# ids that one entry of the index over times stands for, see history.py
BLOCK_SIZE = 4096


class Tag(models.Model):
    """A word that people file codes under."""

    name = models.CharField(_("name"), max_length=TAG_MAX_LENGTH, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class IssuedCodeQuerySet(models.QuerySet["IssuedCode"]):
    """Questions over issued codes."""

    def visible_to(self, appids: frozenset[str] | None) -> "IssuedCodeQuerySet":
        """Those of the mini-programs `appids`; None means all of them."""
        return self if appids is None else self.filter(miniprogram__appid__in=appids)

    def current(self) -> "IssuedCodeQuerySet":
        """Those not archived."""
        return self.filter(archived_at=None)

    def with_facts(self) -> "IssuedCodeQuerySet":
        """With everything that a list shows, in two queries however many rows."""
        return self.select_related("miniprogram", "client").prefetch_related("tags")

    def for_cards(self) -> "IssuedCodeQuerySet":
        """With the few columns that a card shows, in one query: half of the time of `with_facts` for sixty."""
        return self.select_related("miniprogram").only(*ON_CARDS)


LOOKS = ("is_hyaline", "auto_color", "line_color", "reissues")
NAMES = ("kind", "label", "scene", "page", "env_version", "miniprogram__name", "miniprogram__is_sandbox")
ON_CARDS = (*NAMES, *LOOKS, "issued_at", "issued_by", "door")
TAGS_OF_A_CODE = """
    SELECT codes_tag.id, codes_tag.name FROM codes_tag JOIN codes_issuedcode_tags AS link ON link.tag_id = codes_tag.id
    WHERE link.issuedcode_id = %s ORDER BY codes_tag.name
"""
# the columns to write together with any that people search
SEARCHED = ("search_text", "search_grams")


class IssuedCode(models.Model):
    """A mini-program code that was issued: its parameters as sent to WeChat, its picture, its story."""

    miniprogram = models.ForeignKey(
        # the indexes below begin with it
        MiniProgram,
        on_delete=models.PROTECT,
        related_name="codes",
        verbose_name=_("mini-program"),
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.UNLIMITED)
    scene = models.CharField(_("scene"), max_length=SCENE_MAX_LENGTH, blank=True)
    page = models.CharField(
        _("page"),
        max_length=PAGE_MAX_LENGTH,
        blank=True,
        help_text=_("kinds limited and qrcode: the path with its query"),
    )
    page_key = DerivedBigIntegerField(editable=False, default=0)
    env_version = models.CharField(_("env_version"), max_length=16, choices=EnvVersion)
    check_path = models.BooleanField(_("check_path"))
    width = models.PositiveIntegerField(_("width"), default=WIDTH_DEFAULT, help_text=_("requested width in pixels"))
    auto_color = models.BooleanField(_("auto_color"), default=False)
    line_color = models.CharField(_("line_color"), max_length=7, default="#000000")
    is_hyaline = models.BooleanField(_("is_hyaline"), default=False)
    # sha256 over the canonical parameters: the same request is the same code
    digest = models.CharField(_("digest"), max_length=64)

    label = models.CharField(_("label"), max_length=LABEL_MAX_LENGTH, blank=True)
    tags = models.ManyToManyField(Tag, through="CodeTag", blank=True, related_name="codes", verbose_name=_("tags"))
    external_id = models.CharField(_("external_id"), max_length=EXTERNAL_ID_MAX_LENGTH, blank=True)
    search_text = DerivedTextField(editable=False, default="")
    search_grams = DerivedTextField(editable=False, default="")

    image = models.CharField(_("image"), max_length=120, help_text=_("name in the media storage"))
    image_sha256 = models.CharField(_("SHA-256 of the image"), max_length=64)
    image_size = models.PositiveIntegerField(_("image size (bytes)"))
    image_width = models.PositiveIntegerField(_("image width (pixels)"))
    media_type = models.CharField(_("media type"), max_length=32)
    reissues = models.PositiveIntegerField(_("reissues"), default=0, editable=False)
    num_used = models.PositiveIntegerField(
        _("codes used"),
        null=True,
        blank=True,
        help_text=_(
            "kinds limited and qrcode: how many of the mini-program’s 100,000 codes are used, including this one"
        ),
    )

    client = models.ForeignKey(
        ApiClient,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="codes",
        verbose_name=_("API client"),
    )
    issued_by = models.CharField(_("created by"), max_length=150)
    door = models.CharField(_("source"), max_length=16, choices=Door)
    issued_at = models.DateTimeField(_("created at"), default=timezone.now)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    objects: ClassVar[Any] = IssuedCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("issued code")
        verbose_name_plural = _("issued codes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["miniprogram", "digest"], name="issuedcode_same_request_same_code"),
            models.UniqueConstraint(
                fields=["client", "external_id"], condition=~Q(external_id=""), name="issuedcode_external_id"
            ),
        ]
        # every filter of the history with the newest first; archived codes are looked at rarely
        indexes = [
            *(
                models.Index(fields=[*fields, "-id"], condition=Q(archived_at=None), name=f"code_by_{name}")
                for name, fields in {
                    "id": [],
                    "kind": ["kind"],
                    "version": ["env_version"],
                    "page": ["page_key"],
                    "scene": ["scene"],
                    "client": ["client"],
                    "external_id": ["external_id"],
                    "app": ["miniprogram"],
                    "app_kind": ["miniprogram", "kind"],
                    "app_version": ["miniprogram", "env_version"],
                    "app_page": ["miniprogram", "page_key"],
                    "app_client": ["miniprogram", "client"],
                }.items()
            ),
            # staff and doors: codes of API clients, which are most, pay nothing for these
            *(
                models.Index(
                    fields=[*fields, "issued_by", "-id"],
                    condition=Q(archived_at=None, client__isnull=True),
                    name=f"code_by_{name}",
                )
                for name, fields in {"issuer": [], "app_issuer": ["miniprogram"]}.items()
            ),
            models.Index(fields=["-id"], condition=Q(archived_at__isnull=False), name="archived_code"),
            models.Index(
                fields=["miniprogram", "-id"], condition=Q(archived_at__isnull=False), name="archived_code_by_app"
            ),
            # which blocks of ids hold a code of some time: see history.py
            models.Index(F("id") / BLOCK_SIZE, "issued_at", name="code_block_times"),
            # how many a day
            models.Index(fields=["issued_at"], name="issuedcode_issued_at"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What people call it: its label, else its scene, else its path."""
        return self.label or self.scene or self.page

    @property
    def tag_defaults(self) -> dict[str, int]:
        """For the rows of its tags."""
        return {"miniprogram_key": self.miniprogram_id}

    def remember_tags(self, tags: "Iterable[Tag]") -> None:
        """What `with_facts` would read, known already."""
        self._prefetched_objects_cache = {"tags": list(tags)}

    def remember_client(self, name: str) -> None:
        """The name of the client that issued it, known already; whatever else is asked of the client is read."""
        self.client = ApiClient.from_db(None, ["id", "name"], [self.client_id, name])

    def read_tags(self) -> None:
        """Read its tags as `with_facts` does, without composing the query anew for every code."""
        with connection.cursor() as cursor:
            cursor.execute(TAGS_OF_A_CODE, [self.pk])
            self.remember_tags(Tag(id=pk, name=name) for pk, name in cursor.fetchall())

    def make_search_text(self) -> str:
        """What people search, in small letters."""
        return "\n".join((self.scene, self.label, self.page, self.external_id)).lower()

    def make_search_grams(self) -> str:
        return gram_text(self.make_search_text(), miniprogram_id=self.miniprogram_id)

    def make_page_key(self) -> int:
        return text_key(self.page)

    def fill_search_text(self) -> None:
        """Bring the search columns in line with the fields that people search, before the row is written."""
        self.search_text, self.search_grams = self.make_search_text(), self.make_search_grams()


class CodeTag(models.Model):
    """One tag of one code, with the code's mini-program, so that an index serves both together."""

    issuedcode = models.ForeignKey(IssuedCode, on_delete=models.CASCADE, related_name="code_tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="code_tags", db_index=False)
    miniprogram_key = DerivedBigIntegerField(editable=False, default=0)

    class Meta:
        db_table = "codes_issuedcode_tags"
        verbose_name = _("tag of a code")
        verbose_name_plural = _("tags of codes")
        unique_together = [("issuedcode", "tag")]
        indexes = [
            models.Index(fields=["tag", "-issuedcode"], name="codetag_newest"),
            models.Index(fields=["tag", "miniprogram_key", "-issuedcode"], name="codetag_app_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.issuedcode_id}: {self.tag_id}"

    def make_miniprogram_key(self) -> int:
        """The id of the code's mini-program, which never changes."""
        return self.miniprogram_key or self.issuedcode.miniprogram_id


class EarlierPicture(models.Model):
    """A picture that was replaced by a reissue, with the looks it was asked for with; its file is kept."""

    code = models.ForeignKey(
        IssuedCode, on_delete=models.CASCADE, related_name="earlier_pictures", verbose_name=_("code")
    )
    # 0 is the one that the code was issued with
    version = models.PositiveIntegerField(_("version"))
    width = models.PositiveIntegerField(_("width"))
    auto_color = models.BooleanField(_("auto_color"))
    line_color = models.CharField(_("line_color"), max_length=7)
    is_hyaline = models.BooleanField(_("is_hyaline"))
    image = models.CharField(_("image"), max_length=120)
    image_sha256 = models.CharField(_("SHA-256 of the image"), max_length=64)
    image_size = models.PositiveIntegerField(_("image size (bytes)"))
    image_width = models.PositiveIntegerField(_("image width (pixels)"))
    media_type = models.CharField(_("media type"), max_length=32)
    replaced_at = models.DateTimeField(_("replaced at"), default=timezone.now)
    replaced_by = models.CharField(_("replaced by"), max_length=150)

    class Meta:
        verbose_name = _("previous image")
        verbose_name_plural = _("previous images")
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="earlierpicture_version")]

    def __str__(self) -> str:
        return f"{self.code_id}: {self.version}"
