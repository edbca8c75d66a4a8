"""What each operation does, in a line of the reader's language: the OpenAPI document's summaries, by operation id."""

from typing import Any

from django.utils.translation import gettext_lazy as _

SUMMARIES: dict[str, Any] = {
    "list_batches": _("List batches, newest first"),
    "order_batch": _("Create a batch"),
    "get_batch": _("Get a batch"),
    "cancel_batch": _("Cancel the batch permanently; codes already created are kept"),
    "export_batch_csv": _("Export all rows with their results as CSV, which can be uploaded again"),
    "export_batch_pdf": _("Export print-ready A4 sheets, or labels for a roll"),
    "export_batch_xlsx": _("Export all rows with their results as a workbook"),
    "export_batch_zip": _("Download the images, named by label or scene, with manifest.csv"),
    "list_batch_items": _("List the rows of a batch, last row first, with their results"),
    "pause_batch": _("Pause the batch until it is resumed"),
    "rename_batch": _("Rename a batch"),
    "resume_batch": _("Resume a paused batch, or retry a batch on hold immediately"),
    "retry_batch": _("Retry failed rows"),
    "list_codes": _("List codes, newest first"),
    "issue_code": _("Create a code, or get the identical one that exists (200 instead of 201)"),
    "get_code": _("Get a code, with its previous images"),
    "change_code": _("Change label and tags"),
    "archive_code": _("Hide a code from the lists; its image and URL still work"),
    "get_code_image": _("Get the image; it never changes and has a strong ETag"),
    "reissue_code": _("Regenerate the image; the previous one is kept"),
    "unarchive_code": _("Restore an archived code"),
    "list_failed_attempts": _("List failed requests with errcode, rid and advice; kept for 90 days"),
    "list_miniprograms": _("List the mini-programs of this key, with defaults, token health and lifetime quotas"),
    "get_access_token": _("Get the current access token and its remaining lifetime in seconds"),
    "refresh_access_token": _("Report a rejected token"),
}
