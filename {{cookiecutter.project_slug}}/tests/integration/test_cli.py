from pathlib import Path
from uuid import UUID

import pytest

from app.config import Settings
from tests.bus import bus_overrides
from tests.integration.commands import Cli


@pytest.fixture
def cli(settings: Settings) -> Cli:
    return Cli(settings, bus_overrides())


def test_registers_and_shows_a_user(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "correct horse")
    user_id = cli.json("users", "register", "Ada@example.com")["id"]
    shown = cli.json("users", "show", user_id)
    assert (shown["id"], shown["email"]) == (user_id, "ada@example.com")
    assert cli("users", "show", user_id).startswith(f"{user_id}  ada@example.com  ")


def test_refuses_what_the_api_refuses_in_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "correct horse")
    cli("users", "register", "ada@example.com")
    taken = cli("users", "register", "ADA@example.com", exit_code=1)
    assert taken == "error: A user with this e-mail address exists already."
    assert cli("users", "show", str(UUID(int=5)), exit_code=1) == "error: There is no user with this id."


def test_says_how_far_the_relay_is_behind(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.json("outbox", "status") == {"unpublished": 0, "oldest": None}
    assert cli("outbox", "status") == "0 unpublished"
    monkeypatch.setenv("PASSWORD", "correct horse")
    cli("users", "register", "ada@example.com")  # a command publishes nothing: the web process does
    assert cli("outbox", "status").startswith("1 unpublished, the oldest of 20")


def test_a_database_without_tables_is_refused_in_one_line_until_it_is_migrated(
    settings: Settings, tmp_path: Path
) -> None:
    empty = settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{tmp_path}/empty.db"})
    cli = Cli(empty, bus_overrides())
    refusal = cli("outbox", "status", exit_code=1)
    assert refusal.startswith("error: the database has no tables yet: run `make migrate`")
    assert "\n" not in refusal
    cli("migrate")
    assert cli("outbox", "status") == "0 unpublished"


def test_a_migration_of_an_up_to_date_database_changes_nothing(cli: Cli) -> None:
    cli("migrate")
    cli("migrate")
