"""Adds a slice to this service: `make slice NAME=order`.

The slice is ordinary Python in `pattern/`, about a `SomeThing`; change it into what your slices look
like. One rule covers files, classes, functions and lines alike: what has the placeholder in its name
is new, and whatever has not is there already and says where the new belongs.
"""


class SliceError(Exception):
    """Why there is no new slice: one line that says what to do."""
