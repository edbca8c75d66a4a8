"""Runs a command that dies with the process that started it, even on kill -9 of that process.

Started by path (`python -I -S lifeline.py PARENT_PID SIGNAL COMMAND ...`), so it imports nothing of ours.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.5


def die_with_parent(parent_pid: int, signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel send `signal_number` to this process when the thread that started it ends.

    Elsewhere than on Linux there is no such promise: a thread looks every half second.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent_pid, signal_number), daemon=True).start()
    # the parent may have died before the kernel knew
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal_number)


def command_line(signal_number: int, command: list[str]) -> list[str]:
    """`command`, to be started by this very process, wrapped so that it dies with it."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(signal_number)), *command]


def _watch(parent_pid: int, signal_number: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal_number)


def _stay_beside(parent_pid: int, signal_number: int, command: list[str]) -> int:
    """Without the kernel's help this process stays, passes signals on and ends the command itself."""
    child = subprocess.Popen(command)  # noqa: S603 # nosec B603
    for passed_on in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(passed_on, lambda number, _frame: child.send_signal(number))
    while child.poll() is None:
        if os.getppid() != parent_pid:
            child.send_signal(signal_number)
        time.sleep(POLL_SECONDS)
    return child.returncode


def main() -> None:
    parent_pid, signal_number, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if sys.platform != "linux":
        sys.exit(_stay_beside(parent_pid, signal_number, command))
    die_with_parent(parent_pid, signal_number)
    os.execvp(command[0], command)  # noqa: S606 # nosec B606


if __name__ == "__main__":
    main()
