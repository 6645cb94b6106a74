"""Which tests of the contract suite apply to this bus, and why the others do not.

A test says `@needs(Capability.X)`. A bus that lacks X states the reason in its conftest, in LACKS; its run
then leaves the test out and lists it with the reason. Nothing is ever skipped for another cause.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

WORKER_REPORT = "contract-does-not-apply"


class Capability(StrEnum):
    """What one kind of broker has and another has not."""

    BROKER = "a broker outside the process, which keeps events until they are fetched"
    OUTAGE = "the broker can be stopped by the test"
    RESTART = "the broker keeps its events while it is away"
    TRANSACTIONS = "the broker has transactions"
    CERTIFICATES = "the test can run a broker that asks for certificates"


def needs(*capabilities: Capability) -> pytest.MarkDecorator:
    """Mark a test that only applies to a bus with all of these."""
    return pytest.mark.needs(*capabilities)


class Applicability:
    """Pytest plugin: leaves out what does not apply and says so at the end of the run."""

    def __init__(self, lacks: Mapping[Capability, str]) -> None:
        self._lacks = lacks
        self._left_out: dict[str, str] = {}

    @classmethod
    def install(cls, config: pytest.Config, lacks: Mapping[Capability, str]) -> None:
        if not config.pluginmanager.hasplugin(cls.__name__):
            config.addinivalue_line("markers", "needs(*capabilities): applies only to a bus that has all of these")
            config.pluginmanager.register(cls(lacks), cls.__name__)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        left_out = [item for item in items if self._reason(item)]
        self._left_out |= {item.name: self._reason(item) for item in left_out}
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):  # a process of pytest-xdist: its parent writes the summary
            session.config.workeroutput[WORKER_REPORT] = self._left_out

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._left_out |= getattr(node, "workeroutput", {}).get(WORKER_REPORT, {})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._left_out:
            terminalreporter.section("contract tests that do not apply to this bus")
        for name, reason in sorted(self._left_out.items()):
            terminalreporter.line(f"{name}: {reason}")

    def _reason(self, item: pytest.Item) -> str:
        needed = [capability for marker in item.iter_markers("needs") for capability in marker.args]
        return "; ".join(self._lacks[capability] for capability in needed if capability in self._lacks)
