"""Fixtures for all tests. Each test has a database file of its own, so any number run side by side."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from httpx2 import ASGITransport, AsyncClient

from app.application.user.ports import EmailSender
from app.config import Settings
from app.containers import Overrides
from app.domain.user.services import PasswordHasher
from app.main import create_app
from tests.fakes import MailBox, ReversingHasher

ROOT = Path(__file__).parent.parent

Serving = Callable[..., AbstractAsyncContextManager[AsyncClient]]


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test sees neither the `.env` nor the environment variables of whoever runs it."""
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "app.db"
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "app/infrastructure/db/migrations"))
    config.set_main_option("sqlalchemy.url", f"sqlite+aiosqlite:///{path}")
    command.upgrade(config, "head")
    return path


@pytest.fixture
def database_url(migrated_database: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_database, tmp_path / "app.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """As in production, but failing handlers are retried at once."""
    return Settings(database_url=database_url, handler_attempts=3, handler_first_delay=0.01)


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
        fakes: Overrides = {EmailSender: mailbox, PasswordHasher: ReversingHasher(), **(overrides or {})}
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
