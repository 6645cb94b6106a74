import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner

from app.chassis.cli.commands import make_cli
from app.chassis.cli.session import Session
from app.chassis.inbox.store import Inbox
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import Database, open_database
from app.chassis.sql.revision import MACHINE
from app.core.subscriptions import Subscription
from tests.chassis.inbox_rows import execute, register, rows
from tests.chassis.sample import Counted, Objects, counted, undecodable
from tests.chassis.sample_handlers import First, Second
from tests.chassis.sample_machine import SERVICE, make_machine
from tests.chassis.test_relay import commit

T = TypeVar("T")
FIRST, SECOND = Subscription("first", Counted, First), Subscription("second", Counted, Second)
EVENTS = [counted(n, subject=str(n)) for n in range(3)]


class Cli:
    """The command line of a service whose code knows only the consumer `first`."""

    def __init__(self, settings: ChassisSettings) -> None:
        self._settings = settings
        self._migrated = 0
        self._cli = make_cli(self._session, self._migrate, {})

    def __call__(self, *arguments: str, exit_code: int = 0, given: str | None = None) -> str:
        result = CliRunner().invoke(self._cli, arguments, input=given)
        assert result.exit_code == exit_code, result.output
        return (result.stderr if exit_code else result.stdout).strip()

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))

    def behind_its_back(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def run() -> T:
            async with open_database(self._settings, SERVICE, MACHINE) as database:
                return await work(database)

        return asyncio.run(run())

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        async with open_database(self._settings, SERVICE, MACHINE) as database:
            yield Session(Objects(), make_machine(self._settings, database, [FIRST], [First()]))

    def _migrate(self) -> None:
        self._migrated += 1


@pytest.fixture
def cli(machine_settings: ChassisSettings) -> Cli:
    cli = Cli(machine_settings)
    cli.behind_its_back(lambda database: register(database, FIRST, SECOND))
    return cli


@pytest.fixture
def letters(cli: Cli) -> Cli:
    """Two dead letters of `first`; `second` waits; one message is undecodable."""

    async def bury(database: Database) -> None:
        await Inbox(database).store([*EVENTS, undecodable(b"\x1b[2J")])
        dead = "UPDATE deliveries SET state = 2, attempts = 4, reason = 'no \x1b[2J', traceback = 'in line 7'"
        await execute(database, f"{dead}, finished_at = CURRENT_TIMESTAMP WHERE consumer = 'first' AND seq <= 4")

    cli.behind_its_back(bury)
    return cli


def states(cli: Cli, consumer: str) -> list[int]:
    query = "SELECT consumer, state FROM deliveries ORDER BY seq"
    return [state for name, state in cli.behind_its_back(lambda database: rows(database, query)) if name == consumer]


def test_outbox_status(cli: Cli) -> None:
    assert cli("outbox", "status") == "0 unpublished"
    cli.behind_its_back(lambda database: commit(database, counted(1)))
    assert cli.json("outbox", "status") == {"unpublished": 1, "oldest": "2026-05-04T12:00:00+00:00"}
    assert cli("outbox", "status") == "1 unpublished, the oldest of 2026-05-04T12:00:00+00:00"


def test_inbox_status(cli: Cli) -> None:
    assert cli("inbox", "status") == "no event waits, and there is no dead letter"
    cli.behind_its_back(lambda database: Inbox(database).store(EVENTS))
    [first, second] = cli.json("inbox", "status")
    assert first.pop("oldest_seconds") >= 0
    assert first == {"consumer": "first", "waiting": 3, "sleeping": 0, "dead": 0, "parked": 0}
    assert second["consumer"] == "second"
    assert cli("inbox", "status").startswith("consumer first  waiting 3")


def test_consumers_are_listed_renamed_and_dropped(cli: Cli) -> None:
    assert [(one["consumer"], one["orphan"]) for one in cli.json("inbox", "consumers", "list")] == [
        ("first", False),
        ("second", True),
    ]
    assert cli("inbox", "consumers", "list").splitlines()[1] == "second  sample.counted  orphan"
    cli.behind_its_back(lambda database: Inbox(database).store(EVENTS))
    assert cli("inbox", "consumers", "rename", "second", "third") == "3 deliveries of second belong to third now"
    assert cli("inbox", "consumers", "rename", "x", "y", exit_code=1) == "error: there is no consumer 'x'"
    cli("inbox", "consumers", "drop", "third", given="n\n", exit_code=1)
    assert cli("inbox", "consumers", "drop", "third", "--yes") == "3 deliveries of third are gone"
    assert cli("inbox", "consumers", "drop", "third", "--yes", exit_code=1) == "error: there is no consumer 'third'"


def test_dead_letters_are_listed_without_control_characters(letters: Cli) -> None:
    found = letters.json("dead-letters", "list", "--consumer", "first")
    assert [(one["event_id"], one["attempts"]) for one in found] == [(str(event.id), 4) for event in EVENTS[:2]]
    assert len(letters.json("dead-letters", "list")) == 3
    assert len(letters.json("dead-letters", "list", "--limit", "1")) == 1
    assert letters.json("dead-letters", "list", "--older-than", "1h") == []
    assert len(letters.json("dead-letters", "list", "--type", Counted.name)) == 2
    assert "no \\x1b[2J" in letters("dead-letters", "list", "--consumer", "first")


def test_a_dead_letter_is_shown_with_all_that_is_known(letters: Cli) -> None:
    [shown] = letters.json("dead-letters", "show", str(EVENTS[0].id))
    assert (shown["subject"], shown["traceback"], shown["behind"]) == ("0", "in line 7", 0)
    assert json.loads(shown["data"])["number"] == 0
    assert "in line 7" in letters("dead-letters", "show", str(EVENTS[0].id))
    nothing = letters("dead-letters", "show", str(EVENTS[2].id), exit_code=1)
    assert nothing == f"error: there is no dead letter of event {EVENTS[2].id}"


def test_letters_are_replayed_and_discarded_by_choice(letters: Cli) -> None:
    assert letters.json("dead-letters", "replay", str(EVENTS[0].id)) == {"replayed": 1}
    assert sorted(states(letters, "first")) == [0, 0, 2]
    assert letters("dead-letters", "discard", "--consumer", "first") == "discarded 1"
    assert sorted(states(letters, "first")) == [0, 0, 1]
    gone = letters("dead-letters", "replay", "--consumer", "first", exit_code=1)
    assert gone == "error: there is no such dead letter"
    assert letters("dead-letters", "discard", "--all") == "discarded 1"
    assert states(letters, "undecodable") == [1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay"],
        ["discard"],
        ["replay", "--all", "--consumer", "first"],
        ["list", "--older-than", "soon"],
        ["show", "x"],
    ],
)
def test_a_choice_that_says_too_little_or_too_much_is_refused(letters: Cli, arguments: list[str]) -> None:
    letters("dead-letters", *arguments, exit_code=2)
    assert states(letters, "first").count(2) == 2


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
