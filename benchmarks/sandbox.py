"""How many codes a second the sandbox gives on one core, and what one code costs it.

`python -m benchmarks.sandbox [--seconds 5] [--connections 8] [--width 430] [--hyaline]`
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from urllib.parse import urlsplit

from tests.sandbox_process import SandboxProcess

APPID = "wx0123456789abcdef"
SECRET = "0" * 32
# Far above the legal 5,000, so that the limit does not end the measurement.
CALLS_PER_MINUTE = 10_000_000
WARM_UP_SECONDS = 2.0


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far (Linux)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask_until(deadline: float, *, address: tuple[str, int], token: str, fields: dict, name: str) -> list[float]:
    """One keep-alive connection that asks for one new code after the other; the seconds that each took."""
    reader, writer = await asyncio.open_connection(*address, limit=1 << 20)
    taken: list[float] = []
    while (started := time.perf_counter()) < deadline:
        body = json.dumps({"scene": f"{name}.{len(taken)}", **fields}).encode()
        head = f"POST /wxa/getwxacodeunlimit?access_token={token} HTTP/1.1\r\nHost: x\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Type: image/" in answer, answer
        await reader.readexactly(int(answer.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
        taken.append(time.perf_counter() - started)
    writer.close()
    return taken


async def measure(seconds: float, *, connections: int, name: str, **target) -> list[float]:
    deadline = time.perf_counter() + seconds
    asked = [ask_until(deadline, name=f"{name}.{number}", **target) for number in range(connections)]
    return [taken for answers in await asyncio.gather(*asked) for taken in answers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--width", type=int, default=430)
    parser.add_argument("--hyaline", action="store_true")
    options = parser.parse_args()
    with SandboxProcess() as sandbox:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(sandbox.process.pid, cores[:1])
        os.sched_setaffinity(0, cores[1:] or cores)
        sandbox.register(APPID, SECRET, code_calls_per_minute=CALLS_PER_MINUTE)
        url = urlsplit(sandbox.url)
        credentials = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
        answer = sandbox.session.get(f"{sandbox.url}/cgi-bin/token", params=credentials, timeout=5).json()
        target = {
            "address": (url.hostname, url.port),
            "token": answer["access_token"],
            "fields": {"page": "pages/index/index", "width": options.width, "is_hyaline": options.hyaline},
            "connections": options.connections,
        }
        asyncio.run(measure(WARM_UP_SECONDS, name="w", **target))
        used, started = cpu_seconds(sandbox.process.pid), time.perf_counter()
        taken = asyncio.run(measure(options.seconds, name="m", **target))
        elapsed = time.perf_counter() - started
        used = cpu_seconds(sandbox.process.pid) - used
    print(f"{len(taken) / elapsed:.0f} codes/s at {options.width} px on one core, {options.connections} connections")
    print(f"{used / len(taken) * 1000:.2f} ms CPU per code ({used / elapsed:.0%} of the core)")
    print(f"answer: median {statistics.median(taken) * 1000:.1f} ms, slowest {max(taken) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
