"""Each rendered project passes every tool it is shipped with, and its own tests."""

from pathlib import Path

import pytest

from harness.combinations import ONE_OF_EACH_BUS, Combination, name_of
from harness.commands import succeed
from harness.environment import CACHE

# The machine is the same in every DI style, and so are its tests, file for file: that is a test of its own. It is
# tested with a bus made for it, but for the tests of the broker.
OF_THE_MACHINE = ["tests/chassis", "tests/integration/test_dead_letters.py"]
OF_THE_BUS = ["tests/chassis/contract", "tests/integration/test_dead_letters.py"]


def test_ruff_finds_nothing(project: Path, programs: Path) -> None:
    succeed([programs / "ruff", "check", "--no-cache", "."], project)


def test_ruff_would_format_nothing(project: Path, programs: Path) -> None:
    succeed([programs / "ruff", "format", "--check", "--no-cache", "."], project)


def test_mypy_is_content_in_strict_mode(project: Path, programs: Path, worker_id: str) -> None:
    # One cache per worker: what third-party packages are is found out once, not per combination.
    cache = CACHE / f"mypy-{worker_id}"
    succeed([programs / "mypy", "--strict", "--cache-dir", cache], project)


def test_every_import_keeps_to_the_rules(project: Path, programs: Path) -> None:
    succeed([programs / "lint-imports", "--no-cache"], project)


def test_every_dependency_is_declared_and_used(project: Path, programs: Path) -> None:
    succeed([programs / "deptry", "."], project)


def test_its_own_tests_pass(own_copy: Path, programs: Path, combination: Combination) -> None:
    """On both databases in one DI style: how objects are put together and where they are kept do not meet."""
    chosen = [f"--ignore={place}" for place in OF_THE_MACHINE]
    if combination not in ONE_OF_EACH_BUS:
        chosen += ["-k", "not postgresql"]
    succeed([programs / "python", "-m", "pytest", "-q", *chosen], own_copy)


@pytest.mark.parametrize("combination", ONE_OF_EACH_BUS, ids=name_of)
def test_the_tests_of_its_machine_pass(own_copy: Path, programs: Path, combination: Combination) -> None:
    # With the bus changes what knows the broker.
    tests = OF_THE_MACHINE if combination == ONE_OF_EACH_BUS[0] else OF_THE_BUS
    succeed([programs / "python", "-m", "pytest", "-q", *tests], own_copy)
