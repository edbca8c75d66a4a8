"""Starting and ending the sandbox: options, listening, saving, signals."""

import argparse
import asyncio
import errno
import functools
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from apps.sandbox.answers import answer
from apps.sandbox.parent import die_with_parent, parent_is_gone
from apps.sandbox.server import Connection
from apps.sandbox.statefile import StateFile
from apps.sandbox.world import Options, World

DEFAULT_PORT = 9100
# Counts that may follow later are written at most this often.
SAVE_DELAY_SECONDS = 1.0


class CannotStart(Exception):
    """One sentence for the person at the terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 chooses a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep apps and tokens in FILE over restarts")
    parser.add_argument(
        "--auto-register", action="store_true", help="an unknown appid becomes known with the secret it shows first"
    )
    parser.add_argument(
        "--skew", type=float, default=0.0, metavar="SECONDS", help="how far WeChat's own clocks disagree"
    )
    parser.add_argument(
        "--minute-limit-errcode", type=int, default=45009, choices=(45009, 45011), help="over 5,000 codes a minute"
    )
    parser.add_argument("--die-with-parent", action="store_true", help="end when the starting process ends")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; the exit status: 0, or 1 if it could not start."""
    parser = argparse.ArgumentParser(prog="python -m apps.sandbox", description="A simulated WeChat.")
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Like `main`, with options that are parsed already."""
    parent = os.getppid()
    if options.die_with_parent:
        die_with_parent()
    try:
        asyncio.run(_serve(options, parent))
    except CannotStart as reason:
        sys.stderr.write(f"sandbox WeChat cannot start: {reason}\n")
        return 1
    return 0


async def _serve(options: argparse.Namespace, parent: int) -> None:
    world = World(
        options=Options(
            auto_register=options.auto_register,
            skew_seconds=options.skew,
            minute_limit_errcode=options.minute_limit_errcode,
        )
    )
    saver = Saver(world, StateFile(options.state)) if options.state else None
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connections: set[Connection] = set()
    make_connection = functools.partial(Connection, functools.partial(answer, world), connections)
    try:
        server = await loop.create_server(make_connection, options.host, options.port, backlog=1024)
    except (OSError, OverflowError) as error:
        raise CannotStart(_why_not_listening(error, options.host, options.port)) from None
    host, port = server.sockets[0].getsockname()[:2]
    sys.stdout.write(f"sandbox WeChat listening on http://{f'[{host}]' if ':' in host else host}:{port}\n")
    sys.stdout.flush()
    watch = loop.create_task(_stop_with(parent, stop)) if options.die_with_parent else None
    await stop.wait()
    if watch:
        watch.cancel()
    server.close()
    for connection in list(connections):
        connection.close()
    if saver:
        saver.save()


async def _stop_with(parent: int, stop: asyncio.Event) -> None:
    await parent_is_gone(parent)
    stop.set()


def _why_not_listening(error: OSError | OverflowError, host: str, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use. Stop what uses it, or choose another with --port."
    return f"it cannot listen on {host} port {port}: {error}."


class Saver:
    """Keeps a world in its state file: at once for tokens and apps, a little later for counts."""

    def __init__(self, world: World, file: StateFile) -> None:
        self._world = world
        self._file = file
        self._timer: asyncio.TimerHandle | None = None
        self._load()
        world.persist = self.save
        world.touch = self._save_soon

    def save(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        try:
            self._file.save(self._world.as_json())
        except OSError as error:
            sys.stderr.write(f"sandbox WeChat cannot write {self._file.path}: {error}\n")

    def _save_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SAVE_DELAY_SECONDS, self.save)

    def _load(self) -> None:
        """Take back the last state and prove that the next one can be written."""
        path = self._file.path
        try:
            state = self._file.load()
            if state is not None:
                self._world.restore(state)
            self._file.save(self._world.as_json())
        except OSError as error:
            raise CannotStart(f"{path} cannot be read and written: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CannotStart(f"{path} is not a state file of the sandbox. Remove it to begin anew.") from None
