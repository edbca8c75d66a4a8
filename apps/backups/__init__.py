"""Backup and restore: database, pictures and seal keys."""
