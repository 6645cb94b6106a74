"""Fixtures for the machine alone: its tables, the sample's, and none of the business."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.chassis.codec import EventCodec
from app.chassis.settings import ChassisSettings
from app.chassis.sql import sqlite_lease
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.engine import create_engine
from app.chassis.sql.migrating import upgrade
from app.chassis.sql.revision import MACHINE
from app.core.subscriptions import Subscription
from app.core.translations import Translation
from tests.chassis import sample
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample_machine import SERVICE, SampleMachine, make_machine
from tests.chassis.servers.postgres import PostgresServer, any_postgres

TEMPLATE = f"machine_{uuid4().hex}"  # on a server that others use too

only_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


OpenMachine = Callable[..., AbstractAsyncContextManager[SampleMachine]]


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees neither the `.env` nor the environment variables of whoever runs it."""
    monkeypatch.setitem(ChassisSettings.model_config, "env_file", None)
    for name in ChassisSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_lease, "INTERVAL", 0.1)  # nobody waits for it but a process that stands by, or ends


def make_tables(url: str) -> None:
    async def make() -> None:
        engine = create_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(sample.Base.metadata.create_all)
        await engine.dispose()

    upgrade(url, [MACHINE])
    asyncio.run(make())


@pytest.fixture(scope="session")
def machine_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("machine") / "app.db"
    make_tables(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with any_postgres() as server:
        server.create_database(TEMPLATE)
        make_tables(server.url(TEMPLATE))
        yield server
        server.drop_database(TEMPLATE)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("machine_file"), tmp_path / "app.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test_{uuid4().hex}"
    server.create_database(name, template=TEMPLATE)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def machine_settings(url: str) -> ChassisSettings:
    """As in production, but in a hurry."""
    return make_settings(database_url=url)


def make_settings(**changes: Any) -> ChassisSettings:
    quick = {"process_lease": 2.0, "outbox_poll": 0.1, "handler_first_delay": 0.01, "watchdog": False}
    return ChassisSettings(**{**quick, **changes})


@pytest.fixture
async def database(machine_settings: ChassisSettings) -> AsyncIterator[Database]:
    async with open_database(machine_settings, SERVICE, MACHINE) as database:
        yield database


@pytest.fixture
def open_machine(machine_settings: ChassisSettings) -> OpenMachine:
    """`async with open_machine([Subscription(...)], First()) as machine`: one process, all in memory but the database.

    It fetches what is put into `machine.bus.topic`, and has a database connection pool of its own.
    """

    @asynccontextmanager
    async def opened(
        subscriptions: Iterable[Subscription],
        *handlers: object,
        bus: LocalBus | None = None,
        translations: Iterable[Translation] = (),
        codec: EventCodec = sample.CODEC,
        consume: bool = True,
        **changes: Any,
    ) -> AsyncIterator[SampleMachine]:
        settings = machine_settings.model_copy(update=changes)
        async with open_database(settings, SERVICE, MACHINE) as database:
            machine = make_machine(settings, database, subscriptions, handlers, bus, translations, codec)
            async with machine.running(consume=consume):
                yield machine

    return opened
