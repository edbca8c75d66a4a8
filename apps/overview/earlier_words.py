"""Sentences that earlier versions wrote into the audit trail: in the catalogue, so that they are still told."""

from django.utils.translation import gettext_noop

EARLIER = (
    gettext_noop("Let in again."),
    gettext_noop("Changed label or tags."),
    gettext_noop("Renamed."),
    gettext_noop("Added tags to many codes."),
    gettext_noop("Removed tags from many codes."),
    gettext_noop("Archived many codes."),
    gettext_noop("Brought many codes back from the archive."),
    gettext_noop("Made sheets to print of many codes."),
    gettext_noop("Work on many codes was cancelled part-way."),
    gettext_noop("Work on many codes failed part-way."),
    gettext_noop("Downloaded the pictures of many codes."),
    # names of fields that buttons wrote
    gettext_noop("token refresh paused"),
    gettext_noop("key before"),
    gettext_noop("key"),
    gettext_noop("active"),
)
