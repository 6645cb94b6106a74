"""The benchmarks run at all: what they measure is for people to read, and no test."""

import re
from pathlib import Path

import pytest

from harness.combinations import TEMPLATE, combinations, name_of
from harness.commands import environment, succeed


@pytest.mark.parametrize(("benchmark", "figures"), [("injection", 2), ("delivery", 1)])
def test_a_benchmark_prints_its_ratios(projects: dict[str, Path], programs: Path, benchmark: str, figures: int) -> None:
    project = projects[name_of(combinations()[0])]
    quick = environment(PYTHONPATH=".", BENCH_ROUNDS="1", BENCH_EVENTS="50")
    printed = succeed([programs / "python", TEMPLATE / "benchmarks" / f"{benchmark}.py", "this"], project, quick)
    assert len(re.findall(r"^this +.*\d\.\d\d", printed, re.MULTILINE)) == figures


def test_the_benchmark_of_a_backlog_tells_of_both_databases(projects: dict[str, Path], programs: Path) -> None:
    project = projects[name_of(combinations()[0])]
    quick = environment(PYTHONPATH=".", BENCH_BACKLOG="100,200,10")
    printed = succeed([programs / "python", TEMPLATE / "benchmarks" / "backlog.py", "this"], project, quick)
    assert len(re.findall(r"100 events drained in \d+ s", printed)) == 2
