"""The helper of demo and tests ends what it started, even what does not want to end."""

import time
from pathlib import Path

import pytest

from running import Running, clean_environment, wait_until

STUBBORN = "trap '' TERM; (while :; do echo tick; sleep 0.01; done) & exit"


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    running = Running(["sh", "-c", STUBBORN], tmp_path, clean_environment())
    wait_until(lambda: running.stdout or None, "the child runs")
    running.stop(grace_seconds=0.1)
    printed = running.stdout
    time.sleep(0.1)
    assert running.stdout == printed


def test_what_a_program_prints_can_be_read_while_it_runs(tmp_path: Path) -> None:
    script = "echo out; echo err >&2; sleep 60"
    with Running(["sh", "-c", script], tmp_path, clean_environment()) as running:
        wait_until(lambda: running.stderr or None, "it has printed")
        assert (running.stdout, running.stderr) == ("out\n", "err\n")
        assert not running.ended


def test_waiting_for_what_never_comes_says_what_it_was() -> None:
    with pytest.raises(TimeoutError, match=r"^the mail is sent: not within 0\.1 seconds$"):
        wait_until(lambda: None, "the mail is sent", seconds=0.1)
