"""`outbox status`: is the relay keeping up?"""

import typer

from app.chassis.cli.session import Json, Run, say


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Events on their way to the bus.")

    @commands.callback()
    def group() -> None:
        """Keeps `status` a command of its own, though it is the only one."""

    @commands.command()
    def status(as_json: Json = False) -> None:
        """How many events are committed but not yet published, and since when the oldest waits."""
        now = run(lambda session: session.machine.outbox.status())
        oldest = now.oldest.isoformat() if now.oldest else None
        line = f"{now.unpublished} unpublished" + (f", the oldest of {oldest}" if oldest else "")
        say(as_json, {"unpublished": now.unpublished, "oldest": oldest}, [line])

    return commands
