#!/usr/bin/env python
"""Django's command line for wxcode."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from wxcode.postgresql.reachable import find_postgres_trouble
from wxcode.starting import find_data_trouble


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wxcode.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"wxcode cannot start: {error}")
    except OperationalError:
        trouble = find_postgres_trouble() or find_data_trouble()
        if not trouble:
            raise
        sys.exit(f"wxcode cannot start: {trouble}.")


if __name__ == "__main__":
    main()
