"""What can be wrong with some things."""

from app.core.exceptions import InvalidValueError, NotFoundError

MAX_TITLE_LENGTH = 100


class InvalidTitleError(InvalidValueError):
    code = "invalid-title"
    message = f"A title is one line of 1 to {MAX_TITLE_LENGTH} characters."


class SomeThingNotFoundError(NotFoundError):
    code = "some-thing-not-found"
    message = "There is no some thing with this id."
