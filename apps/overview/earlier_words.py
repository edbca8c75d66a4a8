"""Sentences that earlier versions wrote into the audit trail: in the catalogue, so that they are still told."""

from django.utils.translation import gettext_noop

EARLIER = (
    gettext_noop("Unlocked."),
    gettext_noop("Changed label or tags."),
    gettext_noop("Renamed."),
    gettext_noop("Added tags to many codes."),
    gettext_noop("Removed tags from many codes."),
    gettext_noop("Archived many codes."),
    gettext_noop("Restored many codes from the archive."),
    gettext_noop("Created print sheets for many codes."),
    gettext_noop("Bulk action cancelled part-way."),
    gettext_noop("Bulk action failed part-way."),
    gettext_noop("Downloaded the images of many codes."),
    # names of fields that buttons wrote
    gettext_noop("token refresh paused"),
    gettext_noop("previous key"),
    gettext_noop("key"),
    gettext_noop("active"),
)
