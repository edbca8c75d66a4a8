"""Codes on their way out, whoever chose them: pictures in a zip, sheets to print, and how a browser saves a file."""
