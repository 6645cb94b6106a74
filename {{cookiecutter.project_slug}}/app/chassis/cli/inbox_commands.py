"""`inbox status | consumers`: how the queues of the event handlers are doing, and which there are."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.chassis.cli.session import CommandError, Json, Run, Session, say
from app.chassis.inbox.consumers import ConsumerRegistry
from app.chassis.inbox.status import ConsumerStatus, InboxStatus

Name = Annotated[str, typer.Argument(help="Name of the consumer, as `inbox consumers list` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Events that wait for their handlers.")

    @commands.command()
    def status(as_json: Json = False) -> None:
        """By consumer: waiting, sleeping after a failure, dead, lanes parked by a dead letter, age of the oldest."""
        found = [_described(one) for one in run(lambda session: InboxStatus(session.machine.database).by_consumer())]
        lines = ["  ".join(f"{name} {value}" for name, value in one.items()) for one in found]
        say(as_json, found, lines or ["no event waits, and there is no dead letter"])

    commands.add_typer(_make_consumer_commands(run), name="consumers")
    return commands


def _make_consumer_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Consumers that the database knows.")

    @commands.command(name="list")
    def list_(as_json: Json = False) -> None:
        """Each consumer and its types of events. An orphan is in the database, but not in this code."""
        found = run(_known)
        lines = [f"{one['consumer']}  {', '.join(one['types'])}" + ("  orphan" * one["orphan"]) for one in found]
        say(as_json, found, lines)

    @commands.command()
    def rename(old: Name, new: Annotated[str, typer.Argument(help="Its name in the new code.")]) -> None:
        """Give all deliveries of a consumer to another one. Stop the workers of the old code first."""
        typer.echo(f"{run(lambda session: _rename(session, old, new))} deliveries of {old} belong to {new} now")

    @commands.command()
    def drop(name: Name, yes: Yes = False) -> None:
        """Forget a consumer with all of its deliveries. Its code must be gone, or it comes back at the next start."""
        if not yes:
            typer.confirm(f"Forget {name} and everything that waits for it?", abort=True)
        typer.echo(f"{run(lambda session: _drop(session, name))} deliveries of {name} are gone")

    return commands


async def _known(session: Session) -> list[dict[str, Any]]:
    known = await ConsumerRegistry(session.machine.database).known()
    ours = session.machine.consumers
    return [
        {"consumer": name, "types": about["types"], "ordered": about["ordered"], "orphan": name not in ours}
        for name, about in sorted(known.items())
    ]


async def _rename(session: Session, old: str, new: str) -> int:
    try:
        return await ConsumerRegistry(session.machine.database).rename(old, new)
    except KeyError:
        raise CommandError(f"there is no consumer {old!r}") from None


async def _drop(session: Session, name: str) -> int:
    try:
        return await ConsumerRegistry(session.machine.database).drop(name)
    except KeyError:
        raise CommandError(f"there is no consumer {name!r}") from None


def _described(one: ConsumerStatus) -> dict[str, Any]:
    age = (datetime.now(UTC) - one.oldest).total_seconds() if one.oldest else 0.0
    counts = {name: getattr(one, name) for name in ("consumer", "waiting", "sleeping", "dead", "parked")}
    return counts | {"oldest_seconds": round(age, 1)}
