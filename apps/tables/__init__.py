"""Tables for spreadsheets: cells that are safe to open, CSV in a stream, and the admin's export of a list."""
