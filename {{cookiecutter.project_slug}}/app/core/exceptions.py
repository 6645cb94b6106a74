"""Errors that the inside raises and the outside translates; each kind has one meaning at every door."""

from typing import ClassVar


class DomainError(Exception):
    """A rule of the business said no.

    `code` is stable and for programs; `message` is for people and holds no secret, because it is
    shown to the caller as it stands.
    """

    code: ClassVar[str] = "domain-error"
    message: ClassVar[str] = "The request breaks a business rule."

    def __str__(self) -> str:
        return self.message


class NotFoundError(DomainError):
    """What was asked for does not exist."""


class ConflictError(DomainError):
    """The request is sound, but the present state forbids it."""


class InvalidValueError(DomainError):
    """A value that can never be right, whatever the state."""


class UnauthorizedError(DomainError):
    """Whoever asks has not shown who they are."""


class UnavailableError(DomainError):
    """Something that is needed does not answer; the same request may succeed later."""


class PermanentError(Exception):
    """Raised by an event handler when trying again cannot help: the delivery becomes a dead letter at once."""


class StartupError(Exception):
    """The service cannot start; the text is the one line that the operator sees."""
