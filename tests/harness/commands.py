"""Run one command in a project and show all it printed when it fails."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from running import clean_environment


def environment(**more: str) -> dict[str, str]:
    """What a command sees unless told otherwise, and more."""
    return {**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1", **more}


def succeed(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    __tracebackhide__ = True
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment() if env is None else env,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, f"exit code {done.returncode} of {command}:\n{done.stdout}"
    return done.stdout
