"""`python -m slices` in a project where it has to refuse."""

import subprocess
from pathlib import Path

import pytest

from harness.combinations import combinations, name_of
from harness.commands import environment
from harness.files import contents

ANY_COMBINATION = pytest.mark.parametrize("combination", combinations()[:1], ids=name_of)
"""For tests to which it does not matter."""


def refused(own_copy: Path, programs: Path, *arguments: str) -> str:
    """What is said to these arguments; nothing may have changed."""
    before, folders = contents(own_copy), {path for path in own_copy.rglob("*") if path.is_dir()}
    done = subprocess.run(
        [programs / "python", "-m", "slices", *arguments],
        cwd=own_copy,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert contents(own_copy) == before
    assert {path for path in own_copy.rglob("*") if path.is_dir()} - folders <= {own_copy / ".ruff_cache"}
    return done.stderr


def is_one_line(said: str) -> bool:
    return said.startswith("Error: ") and said.endswith(".\n") and said.count("\n") == 1
