"""Structured logs: every line, ours or a library's, has the same form and knows its request and event."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.chassis.context import current_delivery, request_id

APP = Path(__file__).parent.parent


def configure_logging(log_format: str, level: str) -> None:
    """Send the standard library's log records to stderr, as JSON or for a person's eyes. Idempotent."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_context,
            _drop_colours,
            _exception_without_text,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # the request middleware writes a better line
    logging.getLogger("aiosqlite").setLevel("INFO")  # at DEBUG it writes every parameter of every statement
    logging.getLogger("alembic").setLevel("WARNING")


def _add_context(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    if cause := request_id.get():
        event_dict.setdefault("request_id", cause)
    if delivery := current_delivery.get():
        event_dict.setdefault("event_id", str(delivery.event_id))
        event_dict.setdefault("consumer", delivery.consumer)
    return event_dict


def _drop_colours(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    event_dict.pop("color_message", None)  # uvicorn's second copy of its message, for terminals
    return event_dict


def _exception_without_text(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Say which error came from where, but not its text, which may quote a password or a mail address."""
    error = _exception_of(event_dict.pop("exc_info", None))
    if error is not None:
        event_dict["error"] = " from ".join(type(e).__name__ for e in _chain(error))
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if Path(frame.filename).is_relative_to(APP)]
        event_dict["at"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in [*ours, *frames[-1:]]]
    return event_dict


def _exception_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    return exc_info if isinstance(exc_info, BaseException) else None


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__
    return chain
