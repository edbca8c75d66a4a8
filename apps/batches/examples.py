"""Examples of batches for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from apps.batches.serializers import BatchInput, BatchOutput, ItemOutput, RenameInput, ReportOutput, RetryInput

BATCH: dict[str, Any] = {
    "id": 12,
    "appid": "wx0123456789abcdef",
    "name": "Tables",
    "kind": "unlimited",
    "state": "running",
    "progress": {
        "total": 500,
        "issued": 120,
        "reused": 3,
        "failed": 1,
        "waiting": 379,
        "percent": 24,
        "per_minute": 4900,
        "seconds_left": 5,
    },
    "hold": None,
    "columns": ["seat"],
    "client": "office",
    "issued_by": "client:office",
    "created_at": "2026-11-21T12:00:00+08:00",
    "started_at": "2026-11-21T12:00:01+08:00",
    "finished_at": None,
}
ITEM: dict[str, Any] = {
    "id": 9001,
    "row": 7,
    "scene": "table=007",
    "page": "pages/index/index",
    "env_version": "release",
    "width": 430,
    "label": "Table 7",
    "tags": ["hall"],
    "external_id": "",
    "extra": {"seat": "window"},
    "state": "issued",
    "code_id": 1042,
    "image_url": "https://wxcode.example.com/api/v1/codes/1042/image",
    "is_reused": False,
    "error": "",
    "errcode": None,
    "rid": "",
    "detail": "",
    "advice": "",
    "finished_at": "2026-11-21T12:00:02+08:00",
}
REPORT: dict[str, Any] = {
    "rows": 3,
    "valid": 2,
    "invalid": 1,
    "duplicates": 0,
    "existing": 1,
    "calls": 1,
    "seconds": 1,
    "columns": [],
    "problem_count": 1,
    "problems": [
        {"row": 3, "column": "scene", "value": "桌", "message": "Use 0-9 A-Z a-z and !#$&'()*+,/:;=?@-._~ only."}
    ],
    "warning_count": 1,
    "warnings": [
        {
            "row": 2,
            "column": "scene",
            "value": "1914310000010100000",
            "message": "Everything after the 15th digit is 0: Excel may have replaced the last digits. Compare it with "
            "the original.",
        }
    ],
    "sheet": "Tables",
    "notes": ["Row 2 names the columns; what is above it was not read."],
    "duplicate_rows": [],
    "existing_rows": [{"row": 1, "code_id": 1042}],
}
REQUESTS: dict[str, Any] = {
    "Five hundred tables": {
        "appid": "wx0123456789abcdef",
        "name": "Tables",
        "pattern": {
            "columns": {"scene": "table={n}", "label": "Table {n}"},
            "variables": {"n": {"from": 1, "to": 500, "pad": 3}},
        },
    },
    "Rows": {
        "appid": "wx0123456789abcdef",
        "rows": [{"scene": "table=1", "label": "Table 1"}, {"scene": "table=2", "label": "Table 2"}],
    },
}

for output, value in ((BatchOutput, BATCH), (ItemOutput, ITEM), (ReportOutput, REPORT)):
    extend_schema_serializer(examples=[OpenApiExample("An example", value=value, response_only=True)])(output)
for given, name, value in (
    (RetryInput, "Without rows that have no response", {}),
    (RenameInput, "A new name", {"name": "Tables of the hall"}),
):
    extend_schema_serializer(examples=[OpenApiExample(name, value=value, request_only=True)])(given)
extend_schema_serializer(
    examples=[OpenApiExample(name, value=value, request_only=True) for name, value in REQUESTS.items()]
)(BatchInput)
