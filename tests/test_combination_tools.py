"""Each rendered project passes every tool it is shipped with, and its own tests."""

from pathlib import Path

import pytest

from harness.combinations import ONE_OF_EACH_BUS, name_of
from harness.commands import succeed
from harness.environment import CACHE


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


def test_its_own_tests_pass(own_copy: Path, programs: Path) -> None:
    succeed([programs / "python", "-m", "pytest", "-q", "--ignore=tests/chassis"], own_copy)


# The machine and its tests are the same in every DI style, file for file (that is a test of its own).
@pytest.mark.parametrize("combination", ONE_OF_EACH_BUS, ids=name_of)
def test_the_tests_of_its_chassis_pass(own_copy: Path, programs: Path) -> None:
    succeed([programs / "python", "-m", "pytest", "-q", "tests/chassis"], own_copy)
