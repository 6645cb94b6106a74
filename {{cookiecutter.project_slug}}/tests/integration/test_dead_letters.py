"""A welcome mail that was given up, and what whoever runs the service can do about it."""

import asyncio
import json
from uuid import UUID

import pytest

from app.application.user.ports import EmailSender
from app.chassis.cli.session import plain
from app.config import Settings
from tests.bus import bus_overrides
from tests.chassis.database import Database
from tests.chassis.waiting import eventually
from tests.conftest import Serving
from tests.fakes import MailBox
from tests.integration.commands import Cli

ADA = {"email": "ada@example.com", "password": "correct horse"}
MAIL = "send-welcome-email"


@pytest.fixture
def cli(settings: Settings) -> Cli:
    return Cli(settings, bus_overrides())


@pytest.fixture
async def letter_id(serving: Serving, database: Database) -> str:
    """A registration whose welcome mail was given up: the id of its event."""
    async with serving({EmailSender: MailBox(failures=3)}) as client:
        await client.post("/api/v1/users", json=ADA)
        await is_dead(database)
        await is_counted(database)
    [(event_id,)] = await database.rows("SELECT id FROM outbox")
    return str(UUID(str(event_id)))


async def is_dead(database: Database) -> None:
    await eventually(lambda: has_state(database, 2))


async def is_counted(database: Database) -> None:
    async def counted() -> bool:
        return await database.rows("SELECT count FROM daily_signups") == [(1,)]

    await eventually(counted)


async def has_state(database: Database, state: int) -> bool:
    return await database.rows(f"SELECT state FROM deliveries WHERE consumer = '{MAIL}'") == [(state,)]  # noqa: S608


def test_is_listed_with_its_reason(letter_id: str, cli: Cli) -> None:
    [letter] = cli.json("dead-letters", "list")
    assert (letter["event_id"], letter["consumer"], letter["attempts"]) == (letter_id, MAIL, 3)
    assert letter["reason"].startswith("ConnectionError: ")
    assert cli("dead-letters", "list").startswith(f"{letter_id}  user.registered  {MAIL}  3  ")


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        (("--consumer", MAIL), 1),
        (("--consumer", "record-signup"), 0),
        (("--type", "user.registered"), 1),
        (("--type", "user.signed-in"), 0),
        (("--older-than", "0s"), 1),
        (("--older-than", "15m"), 0),
    ],
)
def test_is_chosen_by_consumer_type_or_age(letter_id: str, cli: Cli, choice: tuple[str, str], count: int) -> None:
    assert len(cli.json("dead-letters", "list", *choice)) == count
    decided = cli("dead-letters", "discard", *choice, exit_code=0 if count else 1)
    assert decided == ("discarded 1" if count else "error: there is no such dead letter")


def test_is_shown_with_its_payload_and_where_the_handler_failed(letter_id: str, cli: Cli) -> None:
    [letter] = cli.json("dead-letters", "show", letter_id)
    assert json.loads(letter["data"])["email"] == "ada@example.com"
    assert letter["behind"] == 0
    assert "in send\n" in letter["traceback"]
    shown = cli("dead-letters", "show", letter_id)
    assert f"event_id: {letter_id}\n" in shown
    assert "ada@example.com" in shown


async def test_is_handled_after_a_replay_and_nobody_else_handles_its_event_again(
    letter_id: str, cli: Cli, serving: Serving, database: Database, mailbox: MailBox
) -> None:
    async with serving() as client:
        assert await asyncio.to_thread(cli, "dead-letters", "replay", letter_id) == "replayed 1"
        await eventually(lambda: [mail.to.value for mail in mailbox.mails] == ["ada@example.com"])
        await eventually(lambda: has_state(database, 1))
        [signups] = (await client.get("/api/v1/signups")).json()["items"]
    assert signups["count"] == 1


async def test_is_one_again_with_all_its_attempts_if_the_replay_fails_too(
    letter_id: str, cli: Cli, serving: Serving, database: Database
) -> None:
    assert await asyncio.to_thread(cli.json, "dead-letters", "replay", "--all") == {"replayed": 1}
    assert await asyncio.to_thread(cli.json, "dead-letters", "list") == []
    broken = MailBox(failures=10**9)
    async with serving({EmailSender: broken}):
        await is_dead(database)
    assert broken.attempts == 3
    [letter] = await asyncio.to_thread(cli.json, "dead-letters", "list")
    assert (letter["event_id"], letter["attempts"]) == (letter_id, 3)


async def test_is_never_handled_after_it_was_discarded_even_if_its_event_comes_again(
    letter_id: str, cli: Cli, serving: Serving, database: Database, mailbox: MailBox
) -> None:
    assert await asyncio.to_thread(cli, "dead-letters", "discard", letter_id, "--consumer", MAIL) == "discarded 1"
    assert await asyncio.to_thread(cli.json, "dead-letters", "list") == []
    await database.execute("UPDATE outbox SET published_at = NULL")
    async with serving() as client:
        await client.post("/api/v1/users", json={**ADA, "email": "bob@example.com"})
        await eventually(lambda: [mail.to.value for mail in mailbox.mails] == ["bob@example.com"])
        await eventually(database.is_published)
    assert len(mailbox.mails) == 1


def test_is_counted_in_the_status_of_the_inbox(letter_id: str, cli: Cli) -> None:
    counts = {"waiting": 0, "sleeping": 0, "dead": 1, "parked": 0, "oldest_seconds": 0.0}  # mails wait for none
    assert cli.json("inbox", "status") == [{"consumer": MAIL, **counts}]
    assert cli("inbox", "status").startswith(f"consumer {MAIL}  waiting 0  sleeping 0  dead 1")
    cli("dead-letters", "discard", "--all")
    assert cli("inbox", "status") == "no event waits, and there is no dead letter"


def test_goes_with_a_consumer_to_its_new_name(letter_id: str, cli: Cli) -> None:
    rename = ("inbox", "consumers", "rename")
    assert cli(*rename, MAIL, "greet") == f"1 deliveries of {MAIL} belong to greet now"
    assert [letter["consumer"] for letter in cli.json("dead-letters", "list")] == ["greet"]
    known = {one["consumer"]: one["orphan"] for one in cli.json("inbox", "consumers", "list")}
    assert known == {"greet": True, "record-last-seen": False, "record-signup": False}
    assert "greet  user.registered  orphan" in cli("inbox", "consumers", "list")
    assert cli(*rename, MAIL, "greet", exit_code=1) == f"error: there is no consumer {MAIL!r}"


def test_goes_with_a_consumer_that_is_dropped(letter_id: str, cli: Cli) -> None:
    cli("inbox", "consumers", "rename", MAIL, "greet")
    assert cli("inbox", "consumers", "drop", "greet", "--yes") == "1 deliveries of greet are gone"
    assert cli.json("dead-letters", "list") == []
    assert cli("inbox", "consumers", "drop", "greet", "--yes", exit_code=1) == "error: there is no consumer 'greet'"


@pytest.mark.parametrize("command", ["replay", "discard"])
@pytest.mark.parametrize("choice", [(), ("--all", "--consumer", MAIL), ("--all", str(UUID(int=5)))])
def test_a_decision_about_nothing_in_particular_is_refused(cli: Cli, command: str, choice: tuple[str, ...]) -> None:
    assert "name an event, or choose by" in cli("dead-letters", command, *choice, exit_code=2)


@pytest.mark.parametrize("age", ["soon", "1", "1.5h", "-1h", "1w"])
def test_an_age_that_is_none_is_refused(cli: Cli, age: str) -> None:
    assert "is no duration" in cli("dead-letters", "list", f"--older-than={age}", exit_code=2)


def test_an_unknown_dead_letter_is_refused_in_one_line(cli: Cli) -> None:
    unknown = str(UUID(int=5))
    assert cli("dead-letters", "show", unknown, exit_code=1) == f"error: there is no dead letter of event {unknown}"
    for command in ("replay", "discard"):
        assert cli("dead-letters", command, unknown, exit_code=1) == "error: there is no such dead letter"


def test_what_strangers_wrote_does_not_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\n\u202e") == r"a\x1b[2Jb\n\u202e"
