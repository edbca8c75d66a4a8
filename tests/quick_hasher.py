"""Passwords of tests: hashed as ours are, with the least work. Other processes understand these hashes too."""

from apps.accounts.hashers import BoundedArgon2Hasher


class QuickHasher(BoundedArgon2Hasher):
    """Argon2id with 8 KiB and one pass."""

    time_cost = 1
    memory_cost = 8
