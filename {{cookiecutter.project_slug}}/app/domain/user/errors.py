"""What can be wrong with a user."""

from app.core.exceptions import ConflictError, InvalidValueError, NotFoundError

MIN_PASSWORD_LENGTH = 8  # NIST SP 800-63B: the least for a password that a person chooses
MAX_PASSWORD_LENGTH = 128  # long enough for a passphrase, short enough not to be a way to burn CPU


class InvalidEmailError(InvalidValueError):
    code = "invalid-email"
    message = "This is not an e-mail address."


class WeakPasswordError(InvalidValueError):
    code = "weak-password"
    message = f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters."


class EmailTakenError(ConflictError):
    code = "email-taken"
    message = "A user with this e-mail address exists already."


class UserNotFoundError(NotFoundError):
    code = "user-not-found"
    message = "There is no user with this id."
