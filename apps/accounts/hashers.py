"""Argon2 for passwords, with the memory that OWASP names and never more than a few at once."""

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

# Django's own 100 MiB a hash are 3 GiB when 32 threads log in at once: a flood of logins would end the container.
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
MEMORY_KIB = 19_456
AT_ONCE = 4
_turns = threading.BoundedSemaphore(AT_ONCE)


class BoundedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id, 19 MiB, two passes: at most AT_ONCE of them in one process."""

    time_cost = 2
    memory_cost = MEMORY_KIB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turns:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turns:
            return super().verify(password, encoded)
