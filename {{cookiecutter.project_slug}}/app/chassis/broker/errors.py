"""What goes wrong between this service and its broker, in words that help its operator."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Advice = Mapping[type[BaseException], str]
"""What to do about each kind of error. The first kind that fits counts."""


class EventBusError(Exception):
    """The broker does not answer, or refuses. The text is one line of our own: it holds no secret and may be logged."""


class TopicRefusedError(EventBusError):
    """The broker answers, but this topic cannot be used. Other topics may be all right."""


@contextmanager
def explaining(doing: str, advice: Advice, refusals: tuple[type[BaseException], ...]) -> Iterator[None]:
    """Turn errors of the broker's client into an `EventBusError`: `refusals` into a `TopicRefusedError`.

    Their own texts are left out, for they may hold secrets.
    """
    try:
        yield
    except tuple(advice) as error:
        kind = TopicRefusedError if isinstance(error, refusals) else EventBusError
        raise kind(f"{doing}: {_find(advice, error)} ({type(error).__name__})") from None


def _find(advice: Advice, error: BaseException) -> str:
    """The first advice that fits the error or what caused it."""
    chain = [error]
    while cause := chain[-1].__cause__:
        chain.append(cause)
    return next(text for kind, text in advice.items() if any(isinstance(each, kind) for each in chain))
