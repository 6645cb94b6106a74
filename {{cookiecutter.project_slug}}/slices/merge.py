"""Adds to a file of the service what the file of the same name in the pattern has beyond it."""

import ast
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from slices import SliceError
from slices.imports import Import, first_import, new_imports
from slices.literals import items_of, new_items
from slices.source import RUFF, Source, is_note, names_of, tables_of
from slices.words import PLACEHOLDER, Words

Insertion = tuple[int, str]
MACHINE = Path("app/chassis/sql/tables.py")


def merge(pattern: Source, target: Source, words: Words) -> bytes:
    """The target with the additions. Raise `SliceError` if it lacks what says where they belong."""
    if not target.body:
        raise SliceError(f"{target.name} is empty: put back what was in it, or remove {pattern.name}")
    tables = {words.rename(table) for table in tables_of(pattern.body) if PLACEHOLDER.search(table)}
    for source in (target, Source(MACHINE)) if tables else ():
        if taken := tables.intersection(tables_of(source.body)):
            raise SliceError(f"{source.name} has the table {taken.pop()!r} already: choose another name or plural")
    text = target.text
    insertions = sorted(Merge(pattern, target, words).of_block(pattern.body, target.body), key=itemgetter(0))
    for place, addition in reversed(insertions):
        text = text[:place] + addition.encode() + text[place:]
    try:
        ast.parse(text.decode(), target.name)
    except SyntaxError as error:
        raise SliceError(f"{target.name} with the slice in it would be no Python: {error}: {RUFF}") from error
    return target.content(text.decode())


class Merge:
    def __init__(self, pattern: Source, target: Source, words: Words) -> None:
        self._pattern = pattern
        self._target = target
        self._words = words

    def of_block(self, ours: Sequence[ast.stmt], theirs: Sequence[ast.stmt], inside: str = "") -> Iterator[Insertion]:
        """New statements go before the next one that both have, or to the end."""
        present = {name: statement for statement in reversed(theirs) for name in names_of(statement)}
        if ours[0].col_offset != theirs[0].col_offset:
            raise SliceError(f"{self._target.name} indents {inside[:-1]} otherwise than {self._pattern.name}: {RUFF}")
        new = ""
        for statement in ours:
            names = names_of(statement)
            added = [self._words.rename(name) for name in names if PLACEHOLDER.search(name)]
            if taken := present.keys() & added:
                raise SliceError(f"{self._target.name} has {inside}{taken.pop()} already: choose another name")
            if isinstance(statement, Import):
                lines = new_imports(self._pattern, self._target, self._words, statement, theirs)
                yield self._target.start(first_import(theirs)), lines
            elif added:
                new += self._text(statement)
            elif not is_note(statement):
                if names[0] not in present:
                    raise self._lacks(inside + names[0], new + self._text(statement))
                yield self._target.start(present[names[0]]), self._words.rename(new)
                yield from self._within(statement, present[names[0]], inside + names[0])
                new = ""
        yield self._target.end(theirs[-1]), self._words.rename(new)

    def _within(self, ours: ast.stmt, theirs: ast.stmt, name: str) -> Iterator[Insertion]:
        if body := [statement for statement in getattr(ours, "body", ()) if not is_note(statement)]:
            if not hasattr(theirs, "body"):
                raise self._lacks(name, self._text(ours))
            yield from self.of_block(body, theirs.body, f"{name}.")
        literal: ast.expr | None = getattr(ours, "value", None)
        target: ast.expr | None = getattr(theirs, "value", None)
        if literal and items_of(literal):
            if target is None or type(target) is not type(literal):
                raise self._lacks(name, self._text(ours))
            place, added = new_items(self._pattern, literal, self._target, target)
            yield place, self._words.rename(added)

    def _text(self, statement: ast.stmt) -> str:
        text = self._pattern.read(self._pattern.start(statement), self._pattern.end(statement))
        return f"\n{text}\n" if hasattr(statement, "body") else text

    def _lacks(self, what: str, text: str) -> SliceError:
        addition = self._words.rename(next(line.strip() for line in text.splitlines() if PLACEHOLDER.search(line)))
        return SliceError(
            f"{self._target.name} has no {what!r} any more, the place of {addition!r}: "
            f"put it back, or change {self._pattern.name} to fit your code"
        )
