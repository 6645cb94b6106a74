"""In processes of their own: the watchdog ends the one it watches."""

import signal
import subprocess
import sys
import time

from app.chassis.watchdog import EXIT_CODE
from tests.chassis.processes import ROOT, clean

PROGRAM = """
import asyncio, logging, time
from app.chassis.watchdog import watchdog

logging.basicConfig()

def block_the_loop(seconds):
    time.sleep(seconds)

def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

async def main():
    with watchdog(0.8):
        print("ready", flush=True)
        {inside}
    {after}
    print("alive")

asyncio.run(main())
"""


def start(inside: str, after: str = "pass") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM.format(inside=inside, after=after)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = subprocess.Popen(command, cwd=ROOT, env=clean({}), text=True, **pipes)  # type: ignore[call-overload]
    assert started.stdout.readline() == "ready\n"
    return started  # type: ignore[no-any-return]


def run(inside: str, after: str = "pass") -> tuple[int, str, str]:
    started = start(inside, after)
    out, err = started.communicate(timeout=60)
    return started.returncode, out, err


def test_a_blocked_event_loop_ends_the_process_and_the_log_says_where() -> None:
    code, out, err = run("block_the_loop(30)")
    assert (code, out) == (EXIT_CODE, "")
    assert "the event loop is blocked, ending this process" in err


def test_a_loop_that_waits_or_works_in_small_pieces_is_left_alone() -> None:
    assert run("await asyncio.sleep(1.5)")[:2] == (0, "alive\n")
    assert run("for _ in range(15): time.sleep(0.1); await asyncio.sleep(0)")[:2] == (0, "alive\n")


def test_nobody_watches_after_the_end() -> None:
    assert run("pass", after="block_the_loop(1.5)")[:2] == (0, "alive\n")


def test_a_process_that_was_frozen_is_not_taken_for_blocked() -> None:
    """When it wakes up its event loop has to end what it was at, and looks as if it had been at it all the time."""
    started = start("for _ in range(10): work(0.1); await asyncio.sleep(0)")
    started.send_signal(signal.SIGSTOP)
    time.sleep(1.6)
    started.send_signal(signal.SIGCONT)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out) == (0, "alive\n"), err
