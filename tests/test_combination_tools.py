"""Each rendered project passes every tool it is shipped with, and its own tests."""

from pathlib import Path

from harness.combinations import Combination, options
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


def test_the_layers_import_each_other_in_one_direction(project: Path, programs: Path) -> None:
    succeed([programs / "lint-imports", "--no-cache"], project)


def test_every_dependency_is_declared_and_used(project: Path, programs: Path) -> None:
    succeed([programs / "deptry", "."], project)


def test_its_own_tests_pass(own_copy: Path, programs: Path, combination: Combination) -> None:
    # The contract suite sees nothing of the DI style, and is the same file for file in all of them (that is
    # a test of its own): one style runs it for each bus.
    once = combination["di_style"] == options()["di_style"][0]
    succeed([programs / "python", "-m", "pytest", "-q", *([] if once else ["--ignore=tests/contract"])], own_copy)
