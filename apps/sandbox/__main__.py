"""`python -m apps.sandbox`: the sandbox without Django."""

import sys

from apps.sandbox.launch import main

if __name__ == "__main__":
    sys.exit(main())
