"""The WSGI application of `make run`: the server's worker process dies with the server, even on kill -9."""

import multiprocessing

from wxcode.stack.lifeline import die_with_parent
from wxcode.wsgi import application

__all__ = ["application"]

server = multiprocessing.parent_process()
if server is not None and server.pid is not None:
    die_with_parent(server.pid)
