"""Dead letters as the command line shows them."""

import json
from typing import Any

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


def report(done: str, letters: list[DeadLetter], errors: list[str | None], *, as_json: bool) -> None:
    """One line for each letter. Ends the command with exit code 1 if there was an error."""
    outcomes = list(zip(letters, errors, strict=True))
    if as_json:
        fields = [{"event_id": str(x.event.id), "consumer": x.consumer, "error": error} for x, error in outcomes]
        typer.echo(json.dumps(fields))
    else:
        for letter, error in outcomes:
            success = f"{done} {letter.event.id} for {letter.consumer}"
            typer.echo(f"error: {error}" if error else success, err=bool(error))
    if any(errors):
        raise typer.Exit(1)
