"""What a client sends for a batch, and what it gets back."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers import UnknownFieldsRefused, allow_empty
from apps.batches.models import NAME_MAX_LENGTH, BatchItem, BatchState, CodeBatch, ItemState
from apps.batches.ordering import Report
from apps.batches.progress import find_progress
from apps.batches.reading.pattern import MOST_PADDING, MOST_VALUES
from apps.codes.checking import TAGS_MAX_COUNT, find_field_problems, find_kind_problems
from apps.codes.fields import LineColorField, StrictBooleanField, StrictCharField, StrictIntegerField
from apps.codes.models import PATH_KINDS, TAG_MAX_LENGTH, Kind
from apps.codes.serializers import image_url
from apps.miniprograms.models import EnvVersion
from apps.retold import retold

MOST_NUMBER = 10**15


class PatternVariable(UnknownFieldsRefused, serializers.Serializer[Any]):
    """Numbers from … to …, or a list of values."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        bounds: dict[str, Any] = {"min_value": -MOST_NUMBER, "max_value": MOST_NUMBER, "required": False}
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = {
            "from": StrictIntegerField(**bounds),
            "to": StrictIntegerField(**bounds),
            "step": StrictIntegerField(**bounds, help_text="Default 1; must not be 0."),
            "pad": StrictIntegerField(
                required=False, min_value=0, max_value=MOST_PADDING, help_text="Digits, filled with zeros."
            ),
            "values": serializers.ListField(
                child=StrictCharField(max_length=200), required=False, max_length=MOST_VALUES
            ),
        }
        return allow_empty(fields)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        has_range = "from" in attrs and "to" in attrs
        if has_range == bool(attrs.get("values")):
            raise serializers.ValidationError("Give either from and to, or values.")
        if attrs.get("step") == 0:
            raise serializers.ValidationError({"step": ["Use any other number than 0."]})
        return attrs


class Pattern(UnknownFieldsRefused, serializers.Serializer[Any]):
    """`{"columns": {"scene": "table={n}", "label": "Table {n}"}, "variables": {"n": {"from": 1, "to": 500}}}`."""

    columns = serializers.DictField(child=StrictCharField(max_length=500, trim_whitespace=False), allow_empty=False)
    variables = serializers.DictField(child=PatternVariable(), allow_empty=False)


class BatchInput(UnknownFieldsRefused, serializers.Serializer[Any]):
    """The body of `POST batches/` beside its rows. Defaults apply to rows that don’t set a value."""

    appid = StrictCharField(max_length=64, help_text="The mini-program that the codes open.")
    name = StrictCharField(required=False, max_length=NAME_MAX_LENGTH, help_text="Name of the batch.")
    rows = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        help_text="One object per code: scene, page, label, tags, external_id, env_version, width, and columns of "
        "your own. Or send one of file, text, pattern.",
    )
    file = serializers.FileField(required=False, help_text="CSV (UTF-8 or GB18030) or XLSX, as multipart/form-data.")
    text = StrictCharField(
        required=False, trim_whitespace=False, max_length=2_000_000, help_text="One scene per line, or a pasted table."
    )
    pattern = Pattern(required=False)
    skip_invalid = StrictBooleanField(
        required=False, help_text="Skip rows with problems instead of rejecting all rows."
    )
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    page = StrictCharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text=(
            "For rows without one. Empty or left out: the mini-program’s default page, or the home "
            "page if it has none. `/` alone is the home page. Kinds limited and qrcode: the path."
        ),
    )
    env_version = serializers.ChoiceField(choices=EnvVersion.choices, required=False)
    check_path = StrictBooleanField(required=False)
    width = StrictIntegerField(required=False)
    auto_color = StrictBooleanField(required=False)
    line_color = LineColorField(required=False)
    is_hyaline = StrictBooleanField(required=False)
    tags = serializers.ListField(
        child=StrictCharField(max_length=TAG_MAX_LENGTH),
        required=False,
        max_length=TAGS_MAX_COUNT,
        help_text="In a form, one text with commas or semicolons between the tags.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("kind") in PATH_KINDS:
            # rows bring their own path, with a default for those without
            body = {**attrs, "path": attrs.get("page") or "a"}
            body.pop("page", None)
            found = {"page" if name == "path" else name: each for name, each in find_kind_problems(body).items()}
            problems = found | find_field_problems({name: attrs[name] for name in ("width",) if name in attrs})
        else:
            problems = find_field_problems({name: attrs[name] for name in ("page", "width") if name in attrs})
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class RowProblemOutput(serializers.Serializer[Any]):
    """What is wrong or doubtful about one cell."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField(help_text="What is wrong, and what to do.")


class ReportOutput(serializers.Serializer[Report]):
    """What a dry run has found; problems, warnings, duplicates and existing codes are listed up to 1,000 each."""

    rows = serializers.IntegerField()
    valid = serializers.IntegerField()
    invalid = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Rows that duplicate an earlier row.")
    existing = serializers.IntegerField(help_text="Rows whose code already exists.")
    calls = serializers.IntegerField(help_text="Number of calls to WeChat.")
    seconds = serializers.IntegerField(help_text="Estimated duration at WeChat’s rate limit.")
    columns = serializers.ListField(child=serializers.CharField(), help_text="Columns of your own.")
    problem_count = serializers.IntegerField()
    problems = RowProblemOutput(many=True)
    warning_count = serializers.IntegerField()
    warnings = RowProblemOutput(
        many=True, help_text="Cells that can differ from what their author sees. Their rows are valid."
    )
    sheet = serializers.CharField(help_text="The sheet of the workbook that was read; empty for other input.")
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What was not read: other sheets, rows above the header."
    )
    duplicate_rows = serializers.SerializerMethodField()
    existing_rows = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_duplicate_rows(self, report: Report) -> list[dict[str, int]]:
        return [{"row": row, "same_as": same_as} for row, same_as in report.duplicate_rows]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_existing_rows(self, report: Report) -> list[dict[str, int]]:
        return [{"row": row, "code_id": code_id} for row, code_id in report.existing_rows]


class StoredText(serializers.CharField):
    """What a worker has stored in the language of its day, in the caller's."""

    def to_representation(self, value: str) -> str:
        return retold(value)


class HoldOutput(serializers.Serializer[CodeBatch]):
    """Why a batch is on hold."""

    code = serializers.CharField(source="hold_code")
    errcode = serializers.IntegerField(source="hold_errcode", allow_null=True)
    rid = serializers.CharField(source="hold_rid")
    detail = StoredText(source="hold_detail")
    advice = StoredText(source="hold_advice")
    resume_at = serializers.DateTimeField(allow_null=True, help_text="null: must be resumed manually.")


class ProgressOutput(serializers.Serializer[Any]):
    """How far a batch is."""

    total = serializers.IntegerField()
    issued = serializers.IntegerField(help_text="Including those that already existed.")
    reused = serializers.IntegerField(help_text="Already existed.")
    failed = serializers.IntegerField()
    waiting = serializers.IntegerField()
    percent = serializers.IntegerField()
    per_minute = serializers.IntegerField(help_text="Over the last minute.")
    seconds_left = serializers.IntegerField(allow_null=True, help_text="null: it does not run.")


class BatchOutput(serializers.Serializer[CodeBatch]):
    """A batch as the API shows it."""

    id = serializers.IntegerField()
    appid = serializers.CharField(source="miniprogram.appid")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    state = serializers.ChoiceField(choices=BatchState.choices)
    progress = serializers.SerializerMethodField()
    hold = serializers.SerializerMethodField()
    columns = serializers.ListField(child=serializers.CharField())
    client = serializers.CharField(source="client.name", default=None, allow_null=True)
    issued_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ProgressOutput)
    def get_progress(self, batch: CodeBatch) -> dict[str, Any]:
        return dict(ProgressOutput(find_progress(batch)).data)

    @extend_schema_field(HoldOutput(allow_null=True))
    def get_hold(self, batch: CodeBatch) -> dict[str, Any] | None:
        return dict(HoldOutput(batch).data) if batch.state == BatchState.HELD else None


class ItemOutput(serializers.Serializer[BatchItem]):
    """One row as the API shows it."""

    id = serializers.IntegerField()
    row = serializers.IntegerField()
    scene = serializers.CharField()
    page = serializers.CharField()
    env_version = serializers.CharField()
    width = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    tags = serializers.ListField(child=serializers.CharField())
    external_id = serializers.CharField()
    extra = serializers.DictField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=ItemState.choices)
    code_id = serializers.IntegerField(allow_null=True)
    image_url = serializers.SerializerMethodField()
    is_reused = serializers.BooleanField()
    error = serializers.CharField()
    errcode = serializers.IntegerField(allow_null=True)
    rid = serializers.CharField()
    detail = StoredText()
    advice = StoredText()
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_image_url(self, item: BatchItem) -> str | None:
        if item.code_id is None:
            return None
        return image_url(self.context["request"], item.code_id, version=0)


class RetryInput(UnknownFieldsRefused, serializers.Serializer[Any]):
    """The body of `retry`, which can be empty."""

    include_lost = StrictBooleanField(
        required=False,
        help_text=("Also limited rows without a response: each may use up one more of the 100,000 codes."),
    )


class RenameInput(UnknownFieldsRefused, serializers.Serializer[Any]):
    """The body of `rename`."""

    name = StrictCharField(max_length=NAME_MAX_LENGTH)
