"""`python -m wxcode.stack.bring_keys FILE`: the keys of a backup for an installation that has none yet."""

import os
import sys
from pathlib import Path

from wxcode import environment as env
from wxcode.stack import local_env


def bring(keys: Path, *, data_dir: Path) -> str:
    """Write the lines of `keys` into local.env, with what else a local run needs; answer what was done.

    An installation that has its keys keeps them. Raises ValueError with what to change.
    """
    if any(os.environ.get(f"WXCODE_SEAL_KEYS{end}") for end in ("", "_FILE")):
        return "This installation has its keys already; they are kept."
    try:
        text = keys.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{keys} cannot be read ({type(error).__name__}).") from None
    lines = [line.partition("=") for line in text.splitlines() if not line.startswith("#")]
    found = {name.strip(): value.strip() for name, _, value in lines}
    wanted = {name: found.get(name, "") for name in ("SECRET_KEY", "WXCODE_SEAL_KEYS")}
    if not all(wanted.values()):
        raise ValueError(f"{keys} is no keys file of a backup: it lacks SECRET_KEY= or WXCODE_SEAL_KEYS=.")
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    local_env.complete(data_dir, os.environ, brought=wanted)
    return f"The keys are in {data_dir / env.LOCAL_ENV_NAME} now."


if __name__ == "__main__":
    try:
        directory = env.load_files()
        print(bring(Path(sys.argv[1]), data_dir=directory))
    except ValueError as refused:
        sys.exit(str(refused))
