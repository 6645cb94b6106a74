"""The table at the end of a run: each check of each combination, and the seconds it took."""

from collections import defaultdict

import pytest

from harness.combinations import combinations, name_of

NAMES = [name_of(combination) for combination in combinations()]


class Table:
    """Pytest plugin. Times add up over the cases of one check; `FAIL` where one of them failed."""

    def __init__(self) -> None:
        self._seconds: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._failed: set[tuple[str, str]] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        check, _, case = report.nodeid.rpartition("::")[2].partition("[")
        for name in NAMES:
            if name in case:
                self._seconds[check][name] += report.duration
                if report.failed:
                    self._failed.add((check, name))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        every = {check: times for check, times in self._seconds.items() if len(times) == len(NAMES)}
        if not every:
            return
        terminalreporter.section("seconds that each check took, by combination")
        width = max(len(check) for check in every)
        for row in zip(*(name.split("+") for name in NAMES), strict=True):
            terminalreporter.line(" " * width + "".join(f"{word:>21}" for word in row))
        for check, times in sorted(every.items(), key=lambda item: -sum(item[1].values())):
            cells = ["FAIL" if (check, name) in self._failed else f"{times[name]:.1f}" for name in NAMES]
            terminalreporter.line(f"{check:{width}}" + "".join(f"{cell:>21}" for cell in cells))
