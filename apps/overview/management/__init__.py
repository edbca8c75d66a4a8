"""Management commands of the overview: Django's own about accounts, with an entry in the audit trail."""
