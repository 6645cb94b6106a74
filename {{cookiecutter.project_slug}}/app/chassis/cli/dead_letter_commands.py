"""`dead-letters list | show | replay | discard`: what becomes of events that a handler could not handle."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from app.chassis.cli.session import CommandError, Json, Run, Session, plain, say
from app.chassis.inbox.dead_letters import Choice, DeadLetter, DeadLetters

EventId = Annotated[UUID | None, typer.Argument(help="Only letters of this event.")]
Consumer = Annotated[str | None, typer.Option(help="Only letters of this consumer.")]
Type = Annotated[str | None, typer.Option("--type", help="Only letters of events of this type.")]
OlderThan = Annotated[str | None, typer.Option(help="Only letters that died so long ago: 90s, 15m, 2h, 3d.")]
All = Annotated[bool, typer.Option("--all", help="All letters: say so, unless others are chosen.")]

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Events that a handler could not handle.")

    @commands.command(name="list")
    def list_(
        consumer: Consumer = None,
        event_type: Type = None,
        older_than: OlderThan = None,
        limit: Annotated[int, typer.Option(min=1)] = 100,
        as_json: Json = False,
    ) -> None:
        """Show the oldest letters, one a line: event, type, consumer, attempts, time, reason."""
        choice = _choice(None, consumer, event_type, older_than)
        found = [_summary(letter) for letter in run(lambda session: _letters(session).page(choice, limit))]
        say(as_json, found, ["  ".join(plain(value) for value in one.values()) for one in found])

    @commands.command()
    def show(event_id: UUID, consumer: Consumer = None, as_json: Json = False) -> None:
        """Show the letters of an event with all that is known: payload, reason, traceback, what waits behind it."""
        found = run(lambda session: _details(session, _choice(event_id, consumer)))
        say(as_json, found, [_page(one) for one in found])

    @commands.command()
    def replay(
        event_id: EventId = None,
        consumer: Consumer = None,
        event_type: Type = None,
        older_than: OlderThan = None,
        every: All = False,
        as_json: Json = False,
    ) -> None:
        """Have the worker try the letters again, and what waits behind them."""
        choice = _choice(event_id, consumer, event_type, older_than, every=every, decides=True)
        _decide(run, lambda session: _letters(session).replay(choice), "replayed", as_json=as_json)

    @commands.command()
    def discard(
        event_id: EventId = None,
        consumer: Consumer = None,
        event_type: Type = None,
        older_than: OlderThan = None,
        every: All = False,
        as_json: Json = False,
    ) -> None:
        """Give the letters up for good. What waits behind them is handled."""
        choice = _choice(event_id, consumer, event_type, older_than, every=every, decides=True)
        _decide(run, lambda session: _letters(session).discard(choice), "discarded", as_json=as_json)

    return commands


def _choice(
    event_id: UUID | None,
    consumer: str | None,
    event_type: str | None = None,
    older_than: str | None = None,
    *,
    every: bool = False,
    decides: bool = False,
) -> Choice:
    chosen = any(value is not None for value in (event_id, consumer, event_type, older_than))
    if decides and every == chosen:
        raise typer.BadParameter("name an event, or choose by --consumer, --type or --older-than, or say --all")
    before = datetime.now(UTC) - _duration(older_than) if older_than else None
    return Choice(event_id, consumer, event_type, before)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration: write 90s, 15m, 2h or 3d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _decide(run: Run, decide: Callable[[Session], AsyncIterator[int]], done: str, *, as_json: bool) -> None:
    async def job(session: Session) -> int:
        total = 0
        async for count in decide(session):
            total += count
            if not as_json:
                typer.echo(f"{done} {total} so far", err=True)
        if not total:
            raise CommandError("there is no such dead letter")
        return total

    total = run(job)
    say(as_json, {done: total}, [f"{done} {total}"])


def _letters(session: Session) -> DeadLetters:
    return DeadLetters(session.machine.database)


async def _details(session: Session, choice: Choice) -> list[dict[str, Any]]:
    letters = _letters(session)
    found = await letters.page(choice, 100)
    if not found:
        raise CommandError(f"there is no dead letter of event {choice.event_id}")
    event = await letters.event(found[0].event_id)
    about = {
        "version": event.version,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "headers": dict(event.headers),
        "data": event.data.decode(errors="replace"),
    }
    return [
        _summary(letter) | about | {"behind": await letters.behind(letter), "traceback": letter.traceback}
        for letter in found
    ]


def _summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "event_id": str(letter.event_id),
        "type": letter.event_type,
        "consumer": letter.consumer,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at.isoformat(timespec="seconds"),
        "reason": letter.reason,
    }


def _page(one: dict[str, Any]) -> str:
    traceback = "\n".join(plain(line) for line in (one["traceback"] or "").splitlines())
    lines = [f"{name}: {plain(value)}" for name, value in one.items() if name != "traceback"]
    return "\n".join([*lines, traceback, ""])
