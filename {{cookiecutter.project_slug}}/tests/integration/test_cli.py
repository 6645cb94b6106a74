import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from app.application.user.ports import EmailSender
from app.config import Settings
from app.containers import Overrides
from app.interfaces.cli.letters import plain
from app.main import create_cli
from tests.conftest import Serving
from tests.database import Database
from tests.fakes import MailBox
from tests.waiting import eventually


class Cli:
    """Runs commands as `python -m app` would, in a process of the test's own."""

    def __init__(self, settings: Settings, overrides: Overrides) -> None:
        self._app = create_cli(settings, overrides)

    def __call__(self, *arguments: str, exit_code: int = 0) -> str:
        result = CliRunner().invoke(self._app, arguments)
        assert result.exit_code == exit_code, result.output
        return result.output.strip()

    def letters(self) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = json.loads(self("dead-letters", "list", "--json"))
        return letters


@pytest.fixture
def cli(settings: Settings, mailbox: MailBox) -> Cli:
    return Cli(settings, {EmailSender: mailbox})


@pytest.fixture
async def letter_id(serving: Serving, cli: Cli) -> str:
    """A registration whose welcome mail was given up: the id of its event."""
    broken = MailBox(failures=10**9)
    async with serving({EmailSender: broken}) as client:
        await client.post("/api/v1/users", json={"email": "ada@example.com", "password": "correct horse"})
        await eventually(lambda: broken.attempts == 3)
    [letter] = await asyncio.to_thread(cli.letters)  # a command has an event loop of its own
    return str(letter["event_id"])


def test_lists_a_dead_letter_with_its_reason(letter_id: str, cli: Cli) -> None:
    [letter] = cli.letters()
    assert (letter["event_id"], letter["consumer"], letter["attempts"]) == (letter_id, "send-welcome-email", 3)
    assert letter["reason"].startswith("ConnectionError: ")
    line = cli("dead-letters", "list")
    assert line.startswith(f"{letter_id}  user.registered  send-welcome-email  3  ")


def test_shows_the_payload_of_a_dead_letter(letter_id: str, cli: Cli) -> None:
    [letter] = json.loads(cli("dead-letters", "show", letter_id, "--json"))
    assert json.loads(letter["data"])["email"] == "ada@example.com"
    shown = cli("dead-letters", "show", letter_id)
    assert f"event_id: {letter_id}\n" in shown
    assert "ada@example.com" in shown


def test_replays_only_the_handler_that_failed(letter_id: str, cli: Cli, mailbox: MailBox) -> None:
    assert cli("dead-letters", "replay", letter_id) == f"replayed {letter_id} for send-welcome-email"
    assert [mail.to.value for mail in mailbox.mails] == ["ada@example.com"]
    assert cli.letters() == []


def test_replays_the_oldest_letters_and_says_so_to_programs(letter_id: str, cli: Cli, settings: Settings) -> None:
    refused = Cli(settings, {EmailSender: MailBox(failures=10**9)})
    command = ("dead-letters", "replay", "--oldest", "10", "--json")
    [failed] = json.loads(refused(*command, exit_code=1))
    assert failed["error"].startswith("send-welcome-email failed again: ConnectionError")
    assert json.loads(cli(*command)) == [{"event_id": letter_id, "consumer": "send-welcome-email", "error": None}]
    assert json.loads(cli(*command)) == []


def test_of_the_oldest_letters_only_those_of_one_consumer_are_replayed(letter_id: str, cli: Cli) -> None:
    command = ("dead-letters", "replay", "--oldest", "1", "--consumer")
    assert cli(*command, "nobody") == "there is no dead letter"
    assert cli(*command, "send-welcome-email") == f"replayed {letter_id} for send-welcome-email"


def test_what_strangers_wrote_does_not_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\n\u202e") == r"a\x1b[2Jb\n\u202e"


def test_a_replay_of_nothing_in_particular_is_refused(cli: Cli) -> None:
    assert "name one event, or say --oldest N" in cli("dead-letters", "replay", exit_code=2)


def test_a_replay_that_fails_says_so_and_keeps_the_letter(letter_id: str, settings: Settings) -> None:
    cli = Cli(settings, {EmailSender: MailBox(failures=10**9)})
    output = cli("dead-letters", "replay", letter_id, exit_code=1)
    assert output.startswith(f"error: {letter_id}: send-welcome-email failed again: ConnectionError")
    assert "Traceback" not in output
    assert len(cli.letters()) == 1


async def test_a_discarded_event_that_comes_again_is_not_handled(
    letter_id: str, cli: Cli, serving: Serving, database: Database, mailbox: MailBox
) -> None:
    await asyncio.to_thread(cli, "dead-letters", "discard", letter_id)
    await database.execute("UPDATE outbox SET published_at = NULL")
    async with serving():
        await eventually(database.is_published)
    assert mailbox.mails == []


def test_discards_a_dead_letter(letter_id: str, cli: Cli, mailbox: MailBox) -> None:
    cli("dead-letters", "discard", letter_id, "--consumer", "send-welcome-email")
    assert (cli.letters(), mailbox.mails) == ([], [])


@pytest.mark.parametrize("command", ["show", "replay", "discard"])
def test_an_unknown_dead_letter_is_refused_in_one_line(cli: Cli, command: str) -> None:
    output = cli("dead-letters", command, str(UUID(int=5)), exit_code=1)
    assert output == f"error: there is no dead letter of event {UUID(int=5)}"


def test_says_how_far_the_relay_is_behind(cli: Cli) -> None:
    assert json.loads(cli("outbox", "status", "--json")) == {"unpublished": 0, "oldest": None}
    assert cli("outbox", "status") == "0 unpublished"


def test_a_database_without_tables_is_refused_in_one_line(settings: Settings, tmp_path: Any) -> None:
    empty = settings.model_copy(update={"database_url": f"sqlite+aiosqlite:///{tmp_path}/empty.db"})
    output = Cli(empty, {})("outbox", "status", exit_code=1)
    assert (
        output
        == "error: the database has no tables yet: run `make migrate`, or `alembic upgrade head` where there is no make"
    )


def test_registers_and_shows_a_user(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "correct horse")
    user_id = json.loads(cli("users", "register", "Ada@example.com", "--json"))["id"]
    shown = json.loads(cli("users", "show", user_id, "--json"))
    assert (shown["id"], shown["email"]) == (user_id, "ada@example.com")
    assert cli("users", "show", user_id).startswith(f"{user_id}  ada@example.com  ")


def test_refuses_what_the_api_refuses_in_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "correct horse")
    cli("users", "register", "ada@example.com")
    taken = cli("users", "register", "ADA@example.com", exit_code=1)
    assert taken == "error: A user with this e-mail address exists already."
    assert cli("users", "show", str(UUID(int=5)), exit_code=1) == "error: There is no user with this id."
