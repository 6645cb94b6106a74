"""Fixtures for all tests. Each test has a database file of its own, so any number run side by side."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient

from app.application.user.ports import EmailSender
from app.chassis.sql.migrating import upgrade
from app.chassis.sql.revision import MACHINE
from app.config import Settings
from app.containers import Overrides
from app.domain.user.services import PasswordHasher
from app.infrastructure.db.tables import HISTORY
from app.main import create_app
from tests.bus import broker_settings, bus_overrides
from tests.chassis.database import Database
from tests.chassis.servers.postgres import PostgresServer, any_postgres
from tests.fakes import MailBox, ReversingHasher

NewDatabase = Callable[[str], AbstractContextManager[str]]
Serving = Callable[..., AbstractAsyncContextManager[AsyncClient]]

MIGRATED = f"migrated_{uuid4().hex}"  # on a server that others use too, such as the other half of `pytest -n 2`


def migrate(url: str) -> None:
    upgrade(url, (MACHINE, HISTORY))


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test sees neither the `.env` nor the environment variables of whoever runs it."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "app.db"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL with a migrated database to copy."""
    with any_postgres() as server:
        server.create_database(MIGRATED)
        migrate(server.url(MIGRATED))
        yield server
        server.drop_database(MIGRATED)


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """`with new_database("sqlite") as url`: a database of the test's own, with all tables and no rows."""

    @contextmanager
    def new(kind: str) -> Iterator[str]:
        if kind == "sqlite":
            shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "app.db")
            yield f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
            return
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"test_{uuid4().hex}"
        server.create_database(name, template=MIGRATED)
        try:
            yield server.url(name)
        finally:
            server.drop_database(name)

    return new


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[str]:
    """A database of the test's own, of each kind."""
    with new_database(request.param) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Database:
    return Database(database_url)


@pytest.fixture(scope="session")
def broker() -> Iterator[dict[str, Any]]:
    """Settings that lead to a broker for the whole run."""
    with broker_settings() as settings:
        yield settings


@pytest.fixture
def settings(database_url: str, broker: dict[str, Any]) -> Settings:
    """As in production, but in haste: nothing waits long for its next try, or for anybody to look.

    And without the watchdog: it would end the whole test run, should a test block it.
    """
    haste = {"handler_max_attempts": 3, "handler_first_delay": 0.01, "outbox_poll": 0.05}
    return Settings.model_validate({"database_url": database_url, "watchdog": False, **haste, **broker})


@pytest.fixture
def mailbox() -> MailBox:
    return MailBox()


@pytest.fixture
def serving(settings: Settings, mailbox: MailBox) -> Serving:
    """`async with serving() as client`: the whole service, but for mail and slow hashing.

    Takes more overrides by port, and settings by name: `serving({Clock: clock}, max_body_bytes=10)`.
    """

    @asynccontextmanager
    async def serve(overrides: Overrides | None = None, **changes: Any) -> AsyncIterator[AsyncClient]:
        fakes: dict[type[Any], object] = {EmailSender: mailbox, PasswordHasher: ReversingHasher()}
        fakes |= {**bus_overrides(), **(overrides or {})}
        app = create_app(settings.model_copy(update=changes), fakes)
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
        ):
            yield client

    return serve


@pytest.fixture
async def client(serving: Serving) -> AsyncIterator[AsyncClient]:
    async with serving() as client:
        yield client
