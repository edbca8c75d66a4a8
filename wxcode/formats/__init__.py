"""Formats of dates that replace those of Django, by language."""
