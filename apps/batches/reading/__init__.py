"""Rows out of whatever people have: tables as text, spreadsheets, JSON, a pattern. Pure reading, no database."""
