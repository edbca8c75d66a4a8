"""A process of its own that uses wechatpy with many threads: `ADDRESS APPID KEY THREADS DIRECTORY NUMBER`."""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.integration.gateway.moving_in import guide_client


def main(address: str, appid: str, key: str, threads: str, directory: str, number: str) -> None:
    """Waits for the file `go`, then every thread takes a token and a code; a report says what they got."""
    place, count = Path(directory), int(threads)
    client = guide_client(address)(appid, key)
    start = threading.Barrier(count)

    def use(_thread: int) -> tuple[str, int]:
        start.wait()
        token = client.access_token
        return token, len(client.wxa.get_wxa_code_unlimited("drill").content)

    (place / f"ready-{number}").touch()
    while not (place / "go").exists():
        time.sleep(0.01)
    with ThreadPoolExecutor(count) as pool:
        got = list(pool.map(use, range(count)))
    report = {"tokens": sorted({token for token, _size in got}), "sizes": sorted({size for _token, size in got})}
    draft = place / f"draft-{number}"
    draft.write_text(json.dumps(report | {"calls": len(got)}))
    draft.rename(place / f"report-{number}")


if __name__ == "__main__":
    main(*sys.argv[1:])
