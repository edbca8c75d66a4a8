"""Many codes at once: read rows, issue them at the legal speed, survive every crash, export the result."""
