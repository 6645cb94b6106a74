"""`dead-letters list | show | replay | discard`: what became of events that a handler could not handle."""

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from app.core.delivery import DeadLetter, DeadLetters
from app.interfaces.cli.session import CommandError, Json, Run, Session

EventId = Annotated[UUID, typer.Argument(help="Id of the event, as `list` shows it.")]
Consumer = Annotated[str | None, typer.Option(help="Only the letter of this consumer; else all of the event.")]


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Events that a handler could not handle.")

    @commands.command(name="list")
    def list_(limit: Annotated[int, typer.Option(min=1)] = 100, as_json: Json = False) -> None:
        """Show the oldest letters, one a line: event, type, consumer, attempts, time, reason."""
        letters = run(lambda session: _page(session, limit))
        if as_json:
            typer.echo(json.dumps([_summary(letter) for letter in letters]))
            return
        for letter in letters:
            typer.echo("  ".join(str(value) for value in _summary(letter).values()))

    @commands.command()
    def show(event_id: EventId, consumer: Consumer = None) -> None:
        """Show letters with all that is known of the event, its payload included, as JSON."""
        letters = run(lambda session: _letters(session, event_id, consumer))
        typer.echo(json.dumps([_details(letter) for letter in letters], indent=2))

    @commands.command()
    def replay(event_id: EventId, consumer: Consumer = None) -> None:
        """Run the handler that failed once more; the letter goes when it succeeds."""
        for letter in run(lambda session: _letters(session, event_id, consumer)):
            run(lambda session, letter=letter: _replay(session, letter))  # type: ignore[misc]
            typer.echo(f"replayed {event_id} for {letter.consumer}")

    @commands.command()
    def discard(event_id: EventId, consumer: Consumer = None) -> None:
        """Give the event up for good."""
        for letter in run(lambda session: _letters(session, event_id, consumer)):
            run(lambda session, letter=letter: _discard(session, letter))  # type: ignore[misc]
            typer.echo(f"discarded {event_id} for {letter.consumer}")

    return commands


async def _page(session: Session, limit: int) -> list[DeadLetter]:
    async with session.open_scope() as scope:
        return await (await scope.get(DeadLetters)).page(limit)


async def _letters(session: Session, event_id: UUID, consumer: str | None) -> list[DeadLetter]:
    async with session.open_scope() as scope:
        letters = await (await scope.get(DeadLetters)).of_event(event_id)
    chosen = [letter for letter in letters if consumer in (None, letter.consumer)]
    if not chosen:
        raise CommandError(f"there is no dead letter of event {event_id}" + (f" for {consumer}" if consumer else ""))
    return chosen


async def _replay(session: Session, letter: DeadLetter) -> None:
    try:
        await session.message_bus.replay(letter)
    except Exception as error:
        raise CommandError(f"{letter.consumer} failed again: {type(error).__name__}: {error}") from error


async def _discard(session: Session, letter: DeadLetter) -> None:
    async with session.open_scope() as scope:
        await (await scope.get(DeadLetters)).discard(letter.consumer, letter.event.id)


def _summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "event_id": str(letter.event.id),
        "type": letter.event.type,
        "consumer": letter.consumer,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at.isoformat(timespec="seconds"),
        "reason": letter.reason,
    }


def _details(letter: DeadLetter) -> dict[str, Any]:
    event = letter.event
    return _summary(letter) | {
        "version": event.version,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "headers": dict(event.headers),
        "data": event.data.decode(errors="replace"),
    }
