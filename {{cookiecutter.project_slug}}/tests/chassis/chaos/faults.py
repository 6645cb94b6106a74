"""What happens to the processes of the service, and to what they depend on."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.chassis.database import Database
from tests.chassis.processes import ROOT
from tests.chassis.servers.crashing import Broker
from tests.chassis.servers.program import Program

KILL_CONNECTIONS = """
SELECT count(pg_terminate_backend(pid)) FROM (
  SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  ORDER BY random() LIMIT 5) AS victims"""


class Service:
    """Two web processes and two workers, each of which may die at any moment and is started again."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = {**os.environ, **environment, "CHAOS_FOLDER": str(folder), "PYTHONPATH": str(ROOT)}
        self._folder = folder
        self._versions = dict.fromkeys(("web-1", "web-2", "worker-1", "worker-2"), 1)
        self._processes = {name: self._start(name) for name in self._versions}

    @property
    def names(self) -> list[str]:
        return list(self._processes)

    def kill(self, name: str) -> None:
        """kill -9, and a new process in its place."""
        self._processes[name].kill()
        self._processes[name].wait()
        self._processes[name] = self._start(name)

    def signal(self, name: str, number: int) -> None:
        self._processes[name].send_signal(number)

    def deploy(self, name: str) -> None:
        """SIGTERM, and a process with the new code in its place."""
        self._versions[name] = 2
        self._processes[name].terminate()
        self._processes[name].wait(30)
        self._processes[name] = self._start(name)

    def stop(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        role, version = name.partition("-")[0], str(self._versions[name])
        with (self._folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.chassis.chaos.process", role, version]
            return subprocess.Popen(command, cwd=self._folder, env=self._environment, stdout=log, stderr=log)


class Faults:
    """`frozen` seconds are longer than a lease: the others must take over."""

    def __init__(self, service: Service, broker: Broker, database: Database, postgres: Program | None) -> None:
        self.counts: Counter[str] = Counter()
        self.frozen = 5.0
        self._service = service
        self._broker = broker
        self._database = database
        self._postgres = postgres

    @property
    def kinds(self) -> list[str]:
        kinds = ["kill -9"] * 8
        kinds += ["SIGSTOP"] * 2 + ["connections cut"] * 5 + ["database killed"] if self._postgres else []
        return kinds + (["broker killed"] * 2 if self._broker.durable else [])

    async def cause(self, kind: str) -> None:
        self.counts[kind] += 1
        name = random.choice(self._service.names)
        if kind == "kill -9":
            await asyncio.to_thread(self._service.kill, name)
        elif kind == "SIGSTOP":
            self._service.signal(name, signal.SIGSTOP)
            loop = asyncio.get_running_loop()
            loop.call_later(self.frozen, self._service.signal, name, signal.SIGCONT)
        elif kind == "connections cut":
            with suppress(Exception):  # its own connection may be cut as well
                await self._database.execute(KILL_CONNECTIONS)
        elif kind == "broker killed":
            await asyncio.to_thread(self._broker.kill)
            await asyncio.sleep(random.uniform(0.0, 1.0))
            await asyncio.to_thread(self._broker.start)
        elif self._postgres is not None:
            await asyncio.to_thread(self._postgres.crash, signal.SIGQUIT)
            await asyncio.sleep(random.uniform(0.0, 1.0))
            await asyncio.to_thread(self._postgres.start)
