"""`dead-letters list | show | replay | discard`: what became of events that a handler could not handle."""

import json
from functools import partial
from typing import Annotated
from uuid import UUID

import typer

from app.core.delivery import DeadLetter, DeadLetters
from app.interfaces.cli.letters import Report, details, plain, summary
from app.interfaces.cli.session import CommandError, Json, Run, Session

EventId = Annotated[UUID, typer.Argument(help="Id of the event, as `list` shows it.")]
OptionalEventId = Annotated[UUID | None, typer.Argument(help="Id of one event, unless --oldest is given.")]
Consumer = Annotated[str | None, typer.Option(help="Only the letter of this consumer; else all of the event.")]

Oldest = Annotated[int | None, typer.Option(min=1, help="As many letters, the oldest first, whatever the event.")]


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Events that a handler could not handle.")

    @commands.command(name="list")
    def list_(limit: Annotated[int, typer.Option(min=1)] = 100, as_json: Json = False) -> None:
        """Show the oldest letters, one a line: event, type, consumer, attempts, time, reason."""
        letters = run(lambda session: _page(session, limit))
        if as_json:
            typer.echo(json.dumps([summary(letter) for letter in letters]))
            return
        for letter in letters:
            typer.echo("  ".join(plain(value) for value in summary(letter).values()))

    @commands.command()
    def show(event_id: EventId, consumer: Consumer = None, as_json: Json = False) -> None:
        """Show letters with all that is known of the event, its payload included."""
        letters = run(lambda session: _letters(session, event_id, consumer))
        if as_json:
            typer.echo(json.dumps([details(letter) for letter in letters]))
            return
        for letter in letters:
            typer.echo("\n".join(f"{name}: {plain(value)}" for name, value in details(letter).items()) + "\n")

    @commands.command()
    def replay(
        event_id: OptionalEventId = None, oldest: Oldest = None, consumer: Consumer = None, as_json: Json = False
    ) -> None:
        """Run the handler that failed once more; the letter goes when it succeeds. Exit code 1 if one failed again."""
        if (event_id is None) == (oldest is None):
            raise typer.BadParameter("name one event, or say --oldest N")
        letters = run(lambda session: _letters(session, event_id, consumer, oldest or 0))
        with Report("replayed", as_json=as_json) as report:
            for letter in letters:
                report.add(letter, run(partial(_replay, letter=letter)))

    @commands.command()
    def discard(event_id: EventId, consumer: Consumer = None, as_json: Json = False) -> None:
        """Give the event up for good."""
        letters = run(lambda session: _letters(session, event_id, consumer))
        with Report("discarded", as_json=as_json) as report:
            for letter in letters:
                run(partial(_discard, letter=letter))
                report.add(letter)

    return commands


async def _page(session: Session, limit: int) -> list[DeadLetter]:
    async with session.open_scope() as scope:
        return await (await scope.get(DeadLetters)).page(limit)


async def _letters(session: Session, event_id: UUID | None, consumer: str | None, oldest: int = 0) -> list[DeadLetter]:
    async with session.open_scope() as scope:
        kept = await scope.get(DeadLetters)
        letters = await (kept.of_event(event_id) if event_id else kept.page(oldest, consumer))
    chosen = [letter for letter in letters if consumer in (None, letter.consumer)]
    if event_id and not chosen:
        raise CommandError(f"there is no dead letter of event {event_id}" + (f" for {consumer}" if consumer else ""))
    return chosen


async def _replay(session: Session, letter: DeadLetter) -> str | None:
    """What went wrong, or None."""
    try:
        await session.message_bus.replay(letter)
    except Exception as error:
        return f"{letter.consumer} failed again: {type(error).__name__}: {error}"
    return None


async def _discard(session: Session, letter: DeadLetter) -> None:
    async with session.open_scope() as scope:
        await (await scope.get(DeadLetters)).discard(letter.consumer, letter.event.id)
