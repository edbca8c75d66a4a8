"""Codes that a person has chosen, and the long work on them."""
