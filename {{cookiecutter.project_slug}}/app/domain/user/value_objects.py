"""Values of the user aggregate: immutable, equal by content, never invalid."""

import re
import unicodedata
from dataclasses import dataclass

from app.domain.user.errors import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    InvalidEmailError,
    WeakPasswordError,
)

MAX_EMAIL_LENGTH = 254  # RFC 5321 section 4.5.3.1.3: a path has 256 octets, two of them are brackets

# RFC 5322 dot-atom, with RFC 6532's letters beyond ASCII: no quotes, brackets or commas, which a mail header would
# read as more than one address.
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_EMAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address in its normal form: trimmed, Unicode NFC, lower case.

    Two spellings that differ only in case are one address, so a person cannot register twice.
    """

    value: str

    def __post_init__(self) -> None:
        if len(self.value) > 2 * MAX_EMAIL_LENGTH or not _is_text(
            self.value
        ):  # normalizing takes time: not of a megabyte
            raise InvalidEmailError
        value = unicodedata.normalize("NFC", self.value.strip()).lower()
        if len(value.encode()) > MAX_EMAIL_LENGTH or not value.isprintable() or not _EMAIL.fullmatch(value):
            raise InvalidEmailError
        object.__setattr__(self, "value", value)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, repr=False)
class Password:
    """A password as typed. Lives only as long as a request and never shows itself in a repr or a log."""

    value: str

    def __post_init__(self) -> None:
        if not MIN_PASSWORD_LENGTH <= len(self.value) <= MAX_PASSWORD_LENGTH or not _is_text(self.value):
            raise WeakPasswordError

    def __repr__(self) -> str:
        return "Password(***)"


def _is_text(value: str) -> bool:
    """False for lone surrogates: JSON can carry them, but they are no text and no database takes them."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
