"""`manage.py add_miniprogram APPID --name N ...`: what the admin form does, for scripts."""

import getpass
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.errors import WxcodeError, join_sentences
from apps.miniprograms.history import record_addition
from apps.miniprograms.models import EnvVersion, TokenMode
from apps.miniprograms.services import add_miniprogram
from apps.wechat.types import WIDTH_DEFAULT


class Command(BaseCommand):
    help = "Add a mini-program. The AppSecret comes from standard input, never from an argument."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("appid", help="wx and 16 characters from 0-9 and a-f")
        parser.add_argument("--name", required=True)
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--secret-stdin", action="store_true", help="read the AppSecret from standard input")
        source.add_argument("--secret-ref", default="", help="env:NAME or file:/path")
        parser.add_argument("--default-page", default="")
        parser.add_argument("--env-version", default=EnvVersion.RELEASE, choices=EnvVersion.values)
        parser.add_argument(
            "--check-path",
            action=BooleanOptionalAction,
            help="check that the page is published (default: on for --env-version release)",
        )
        parser.add_argument("--width", type=int, default=WIDTH_DEFAULT, help="pixels, 280 to 1280")
        parser.add_argument("--auto-color", action="store_true", help="let WeChat choose the line colour")
        parser.add_argument("--line-color", default="#000000", help="for example #0b7a45")
        parser.add_argument("--is-hyaline", action="store_true", help="transparent background")
        parser.add_argument("--token-mode", default=TokenMode.STABLE, choices=TokenMode.values)
        parser.add_argument("--proxy", default="", help="http://host:port, socks5://… or socks5h://…, without login")
        parser.add_argument("--proxy-login-ref", default="", help="env:NAME or file:/path that contains user:password")
        parser.add_argument("--sandbox", action="store_true", help="use the simulated WeChat")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            miniprogram = add_miniprogram(
                appid=options["appid"],
                name=options["name"],
                secret="" if options["secret_ref"] else _read_secret(is_piped=options["secret_stdin"]),
                secret_ref=options["secret_ref"],
                default_page=options["default_page"],
                env_version=options["env_version"],
                check_path=options["check_path"],
                width=options["width"],
                auto_color=options["auto_color"],
                line_color=options["line_color"],
                is_hyaline=options["is_hyaline"],
                token_mode=options["token_mode"],
                is_sandbox=options["sandbox"],
                proxy_url=options["proxy"],
                proxy_login_ref=options["proxy_login_ref"],
            )
        except WxcodeError as error:
            raise CommandError(join_sentences(error, error.advice)) from None
        record_addition(miniprogram, command="manage.py add_miniprogram")
        self.stdout.write(f"Added {miniprogram}. Its token is fetched within a minute.")


def _read_secret(*, is_piped: bool) -> str:
    is_terminal = sys.stdin.isatty() and not is_piped
    secret = (getpass.getpass("AppSecret: ") if is_terminal else sys.stdin.readline()).strip()
    if not secret:
        raise CommandError(
            "No AppSecret given. Pipe it in with --secret-stdin, or give its location with --secret-ref."
        )
    return secret
