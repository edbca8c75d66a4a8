"""The words that `make run` prints once everything answers."""

import json
from collections.abc import Mapping
from pathlib import Path


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104 # nosec B104
    return f"http://{reachable}:{port}"


def curl_line(*, base: str, api_key: str, appid: str) -> str:
    """A command that issues the first code and shows what the API answers."""
    body = json.dumps({"appid": appid, "scene": "hello=1"})
    return (
        f"curl -sS {base}/api/v1/codes/ -H 'Authorization: Bearer {api_key}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


def message(*, base: str, facts: Mapping[str, str], data_dir: Path, seconds: float) -> str:
    """`facts` are those of first_run: username, password, api_key, appid."""
    key, appid = facts["api_key"], facts["appid"]
    rows = {
        "Gallery": f"{base}/",
        "Admin": f"{base}/admin/",
        "API docs": f"{base}/api/docs/",
        "Login": f"{facts['username']}   password  {facts['password']}",
        "API key": key,
        "Sandbox": f"mini-program {appid}, answered by a simulated WeChat on this machine",
    }
    if not facts["password"]:
        rows["Login"] = f"{facts['username']}   (with the password that you gave it)"
    if not key:
        rows["API key"] = "make one with  .venv/bin/python manage.py create_client NAME"
    lines = ["", f"  wxcode is running (ready in {seconds:.1f} s)", ""]
    lines += [f"    {name:<9} {value}" for name, value in rows.items()]
    if key and appid:
        curl = curl_line(base=base, api_key=key, appid=appid)
        lines += ["", "  Issue a code:", "", curl, ""]
        lines += ["  As a picture: add  -H 'Accept: image/*' -o code.jpg"]
    lines += ["", f"  Data and logs: {data_dir}", "  Stop: Ctrl-C", ""]
    return "\n".join(lines)
