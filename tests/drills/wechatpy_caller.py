"""A process of its own that uses wechatpy with many threads: `ADDRESS KEY THREADS DIRECTORY APPID...`."""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.integration.gateway.moving_in import guide_client


def main(address: str, key: str, threads: str, directory: str, *appids: str) -> None:
    """Waits for the file `go`, then every thread takes a token and a code; a report says what they got."""
    place, number = Path(directory), os.getpid()
    clients = {appid: guide_client(address)(appid, key) for appid in appids}
    callers = [appid for appid in appids for _number in range(int(threads))]
    start = threading.Barrier(len(callers))

    def use(appid: str) -> dict[str, object]:
        start.wait()
        token = clients[appid].access_token
        return {
            "appid": appid,
            "token": token,
            "size": len(clients[appid].wxa.get_wxa_code_unlimited("drill").content),
        }

    (place / f"ready-{number}").touch()
    while not (place / "go").exists():
        time.sleep(0.01)
    with ThreadPoolExecutor(len(callers)) as pool:
        got = list(pool.map(use, callers))
    draft = place / f"draft-{number}"
    draft.write_text(json.dumps(got))
    draft.rename(place / f"report-{number}")


if __name__ == "__main__":
    main(*sys.argv[1:])
