"""`users register | show`: the use cases of the API, by another door."""

import json
from typing import Annotated
from uuid import UUID

import typer

from app.application.user.commands import RegisterUserCommand
from app.application.user.dto import UserView
from app.application.user.handlers import GetUserHandler, RegisterUserHandler
from app.application.user.queries import GetUserQuery
from app.chassis.cli.session import Json, Run, Session

USE_CASES = (RegisterUserHandler, GetUserHandler)

Password = Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="PASSWORD")]


def make_commands(run: Run) -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Users of the service.")

    @commands.command()
    def register(email: str, password: Password, as_json: Json = False) -> None:
        """Register a user; asks for the password, or takes it from the environment variable PASSWORD."""

        async def job(session: Session) -> UUID:
            async with session.open_scope() as scope:
                handler = await scope.get(RegisterUserHandler)
                return await handler(RegisterUserCommand(email, password, channel="cli"))

        user_id = run(job)
        typer.echo(json.dumps({"id": str(user_id)}) if as_json else str(user_id))

    @commands.command()
    def show(user_id: UUID, as_json: Json = False) -> None:
        """Show a user."""

        async def job(session: Session) -> UserView:
            async with session.open_scope() as scope:
                return await (await scope.get(GetUserHandler))(GetUserQuery(user_id))

        user = run(job)
        seen = user.last_seen_at.isoformat() if user.last_seen_at else None
        fields = {
            "id": str(user.id),
            "email": user.email,
            "registered_at": user.registered_at.isoformat(),
            "last_seen_at": seen,
        }
        typer.echo(json.dumps(fields) if as_json else "  ".join(str(value) for value in fields.values()))

    return commands
