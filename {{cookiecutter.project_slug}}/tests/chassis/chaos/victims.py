"""What the chaos test kills, and how each comes back."""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.processes import Process
from tests.servers.program import free_port


class Service:
    """One web process and two workers, each of which may die at any moment."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._factories = {"web": "create_app", "worker-1": "create_worker", "worker-2": "create_worker"}
        self._ports = {name: free_port() for name in self._factories}
        self._processes = {name: self._start(name) for name in self._factories}
        self.kills: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return self._processes["web"].url

    def kill_one(self, name: str) -> None:
        """kill -9, and a new process in its place, as an orchestrator would."""
        self.kills[name.partition("-")[0]] += 1
        self._processes[name].kill()
        self._processes[name] = self._start(name)

    def kill_any(self) -> None:
        self.kill_one(random.choice(list(self._factories)))

    def wait_until_live(self) -> None:
        for process in self._processes.values():
            process.wait_until_live()

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()

    def _start(self, name: str) -> Process:
        factory = f"app.main:{self._factories[name]}"
        return Process(factory, self._ports[name], self._environment, self._folder / f"{name}.log")
