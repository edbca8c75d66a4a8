"""`manage.py sandbox`: the simulated WeChat alone."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.sandbox.launch import add_arguments, run


class Command(BaseCommand):
    help = "Run the simulated WeChat until it is stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(run(argparse.Namespace(**options)))
