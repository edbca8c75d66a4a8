"""granian, begun when the application is loaded: `python -m wxcode.serve --interface wsgi ... wxcode.wsgi:application`.

Its workers are forked from the loaded application: two of them take 118 MB instead of 180 MB, and one that died is
replaced at once instead of after three seconds. Options and variables are granian's own. Loading must leave nothing
open that processes cannot share: no thread, no connection (a test holds it).
"""

from granian.cli import entrypoint

import wxcode.wsgi  # noqa: F401  (what is loaded here is loaded in the workers)

if __name__ == "__main__":
    entrypoint()  # type: ignore[no-untyped-call]
