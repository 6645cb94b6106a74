"""`outbox status`: is the relay keeping up?"""

import json

import typer

from app.core.events import Outbox, OutboxStatus
from app.interfaces.cli.session import Json, Run, Session


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Events on their way to the bus.")

    @commands.callback()
    def group() -> None:
        """Keeps `status` a command of its own, though it is the only one."""

    @commands.command()
    def status(as_json: Json = False) -> None:
        """How many events are committed but not yet published, and since when the oldest waits."""

        async def job(session: Session) -> OutboxStatus:
            async with session.open_scope() as scope:
                return await (await scope.get(Outbox)).status()

        now = run(job)
        oldest = now.oldest.isoformat() if now.oldest else None
        if as_json:
            typer.echo(json.dumps({"unpublished": now.unpublished, "oldest": oldest}))
        else:
            typer.echo(f"{now.unpublished} unpublished" + (f", the oldest of {oldest}" if oldest else ""))

    return commands
