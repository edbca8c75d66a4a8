"""Addresses of the batch endpoints, below /api/v1/."""

from django.urls import path

from apps.batches.api import (
    BatchDetail,
    BatchItems,
    BatchList,
    CancelBatch,
    PauseBatch,
    RenameBatch,
    ResumeBatch,
    RetryBatch,
)
from apps.batches.downloads import CsvDownload, PdfDownload, XlsxDownload, ZipDownload
from apps.codes import urls as _converters  # noqa: F401  (registers <id:...>)

urlpatterns = [
    path("batches/", BatchList.as_view(), name="batches"),
    path("batches/<id:pk>/", BatchDetail.as_view(), name="batch"),
    path("batches/<id:pk>/items/", BatchItems.as_view(), name="batch-items"),
    path("batches/<id:pk>/pause", PauseBatch.as_view(), name="batch-pause"),
    path("batches/<id:pk>/resume", ResumeBatch.as_view(), name="batch-resume"),
    path("batches/<id:pk>/cancel", CancelBatch.as_view(), name="batch-cancel"),
    path("batches/<id:pk>/retry", RetryBatch.as_view(), name="batch-retry"),
    path("batches/<id:pk>/rename", RenameBatch.as_view(), name="batch-rename"),
    path("batches/<id:pk>/export.zip", ZipDownload.as_view(), name="batch-zip"),
    path("batches/<id:pk>/export.csv", CsvDownload.as_view(), name="batch-csv"),
    path("batches/<id:pk>/export.xlsx", XlsxDownload.as_view(), name="batch-xlsx"),
    path("batches/<id:pk>/export.pdf", PdfDownload.as_view(), name="batch-pdf"),
]
