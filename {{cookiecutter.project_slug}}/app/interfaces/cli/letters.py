"""Dead letters as the command line shows them."""

import json
from types import TracebackType
from typing import Any, Self

import typer

from app.core.delivery import DeadLetter


def summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "event_id": str(letter.event.id),
        "type": letter.event.type,
        "consumer": letter.consumer,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at.isoformat(timespec="seconds"),
        "reason": letter.reason,
    }


def details(letter: DeadLetter) -> dict[str, Any]:
    event = letter.event
    return summary(letter) | {
        "version": event.version,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "headers": dict(event.headers),
        "data": event.data.decode(errors="replace"),
    }


def plain(text: object) -> str:
    """One line without control characters: what strangers wrote must not steer the terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text))


class Report:
    """What became of each letter: a line as it happens, or all of them as JSON at the end."""

    def __init__(self, done: str, *, as_json: bool) -> None:
        self._done = done
        self._as_json = as_json
        self._outcomes: list[dict[str, str | None]] = []

    def add(self, letter: DeadLetter, error: str | None = None) -> None:
        event_id = str(letter.event.id)
        self._outcomes.append({"event_id": event_id, "consumer": letter.consumer, "error": error})
        if not self._as_json:
            done = f"{self._done} {event_id} for {letter.consumer}"
            typer.echo(plain(f"error: {event_id}: {error}" if error else done), err=bool(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise `typer.Exit` with exit code 1 if there was an error."""
        if self._as_json:
            typer.echo(json.dumps(self._outcomes))
        elif not self._outcomes and exc is None:
            typer.echo("there is no dead letter")
        if exc is None and any(outcome["error"] for outcome in self._outcomes):
            raise typer.Exit(1)
