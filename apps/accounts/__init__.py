"""Accounts of staff: logging in, who is kept out and for how long, the second factor, sessions."""
