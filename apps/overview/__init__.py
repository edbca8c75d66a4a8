"""The operators' overview: the admin's start page, a mini-program's whole page, the audit trail."""
