"""An event that takes its process down each time: it ends as a dead letter, not every worker for ever."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.database import Database
from tests.processes import ROOT, Process, clean, process
from tests.servers.broker import own_broker
from tests.servers.program import free_port
from tests.waiting import eventually

CRASHES = 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_event_that_kills_its_process_becomes_a_dead_letter(database: Database, tmp_path: Path) -> None:
    with own_broker() as broker:
        settings = {"DATABASE_URL": database.url, "HANDLER_CRASHES": str(CRASHES), **broker.environment}
        register = [sys.executable, "-m", "app", "users", "register", "ada@example.com"]
        environment = clean({**settings, "PASSWORD": "correct horse"})
        await asyncio.to_thread(subprocess.run, register, cwd=ROOT, env=environment, check=True)
        for crash in range(CRASHES):
            doomed = Process("tests.deadly:create_worker", free_port(), settings, tmp_path / f"worker-{crash}")
            try:
                assert await asyncio.to_thread(doomed.popen.wait, 60) == -signal.SIGKILL
            finally:
                doomed.kill()
            assert await database.rows("SELECT * FROM dead_letters") == []
        with process("tests.deadly:create_worker", settings, tmp_path / "survivor") as survivor:
            await eventually(lambda: _given_up(database), seconds=60)
            await eventually(lambda: _counted(database), seconds=60)
            assert survivor.popen.poll() is None


async def _given_up(database: Database) -> bool:
    letters = await database.rows("SELECT consumer, reason FROM dead_letters")
    return letters == [("send-welcome-email", f"CrashedError: {CRASHES} times in a row")]


async def _counted(database: Database) -> bool:
    return await database.rows("SELECT count FROM daily_signups") == [(1,)]
