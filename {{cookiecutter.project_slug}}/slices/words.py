"""The name of a new slice in all its spellings, put in the place of the pattern's `some_thing`."""

import builtins
import keyword
import re
from collections import Counter
from symtable import symtable

from slices import SliceError

PLACEHOLDER = re.compile(r"SomeThings?|[Ss]ome[_ -]things?")
RULE = "use lower-case words joined by _, such as order or line_item, at most 40 characters"
RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}


def spellings(name: str) -> list[str]:
    words = name.split("_")
    text = " ".join(words)
    return [name, "-".join(words), text, text.capitalize(), "".join(word.capitalize() for word in words)]


def plural_of(name: str) -> str:
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


class Words:
    """Renames pattern to slice. Raise `SliceError` if the name cannot be one of Python's."""

    def __init__(self, name: str, plural: str = "") -> None:
        if not plural and re.search(r"[^sui]s$", name):
            raise SliceError(f"{name!r} looks like a plural: name one of them, or give PLURAL as well")
        self.plural = plural or plural_of(name)
        for word in (name, self.plural):
            if len(word) > 40 or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", word):
                raise SliceError(f"{word!a} cannot name a slice: {RULE}")
            if taken := RESERVED.intersection(spellings(word)):
                raise SliceError(f"{word!r} cannot name a slice: {taken.pop()} means something to Python")
            if word.startswith("test"):
                raise SliceError(f"{word!r} cannot name a slice: pytest would take its classes for tests")
        placeholders = spellings("some_thing") + spellings("some_things")
        self._new = dict(zip(placeholders, spellings(name) + spellings(self.plural), strict=True))

    def rename(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda match: self._new[match.group()], text)

    def check(self, place: str, text: str) -> None:
        """Raise `SliceError` if renaming would give two things in one scope of the pattern the same name."""
        scopes = [symtable(text, place, "exec")]
        for scope in scopes:
            renamed = Counter(map(self.rename, scope.get_identifiers()))
            if clashes := [name for name, times in renamed.items() if times > 1]:
                raise SliceError(f"{clashes[0]} means something else in {place}: choose another name")
            scopes += scope.get_children()
