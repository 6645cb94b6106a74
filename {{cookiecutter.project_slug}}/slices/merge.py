"""Adds to a file of the service what the file of the same name in the pattern has beyond it."""

import ast
import re
from collections.abc import Iterator, Sequence
from operator import itemgetter

from slices import SliceError
from slices.source import Source, is_note, items_of, names_of
from slices.words import PLACEHOLDER, Words

Insertion = tuple[int, str]
Imports = (ast.Import, ast.ImportFrom)


def merge(pattern: Source, target: Source, words: Words) -> str:
    """The target with the additions. Raise `SliceError` if it lacks what says where they belong."""
    if not target.body:
        raise SliceError(f"{target.name} is empty: put back what was in it, or remove {pattern.name}")
    text = target.text
    insertions = sorted(Merge(pattern, target, words).of_block(pattern.body, target.body), key=itemgetter(0))
    for place, addition in reversed(insertions):
        text = text[:place] + addition.encode() + text[place:]
    return text.decode()


class Merge:
    def __init__(self, pattern: Source, target: Source, words: Words) -> None:
        self._pattern = pattern
        self._target = target
        self._words = words

    def of_block(self, ours: Sequence[ast.stmt], theirs: Sequence[ast.stmt], inside: str = "") -> Iterator[Insertion]:
        """New statements go before the next one that both have, or to the end."""
        present = {name: statement for statement in reversed(theirs) for name in names_of(statement)}
        new = ""
        for statement in ours:
            names = names_of(statement)
            added = [self._words.rename(name) for name in names if PLACEHOLDER.search(name)]
            if taken := present.keys() & added:
                raise SliceError(f"{self._target.name} has {inside}{taken.pop()} already: choose another name")
            if isinstance(statement, Imports):
                yield self._target.start(first_import(theirs)), self._words.rename(self._text(statement))
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
        if items := items_of(literal):
            if target is None or type(target) is not type(literal):
                raise self._lacks(name, self._text(ours))
            yield self._to_literal(items, target)

    def _to_literal(self, items: list[tuple[ast.expr, ast.expr]], target: ast.expr) -> Insertion:
        span, read = self._pattern.span, self._pattern.read
        text = ", ".join(self._words.rename(read(span(first)[0], span(last)[1])) for first, last in items)
        present = items_of(target)
        start, end = self._target.span(target)
        if present and self._target.span(present[0][0])[0] == start:  # a tuple without parentheses
            return end, f", {text}"
        end -= 1
        if present:
            tail = self._target.read(self._target.span(present[-1][1])[1], end)
            if "," not in re.sub("#.*", "", tail):
                return end, f", {text}"
        return end, f"{text},"

    def _text(self, statement: ast.stmt) -> str:
        text = self._pattern.read(self._pattern.start(statement), self._pattern.end(statement))
        return f"\n{text}\n" if hasattr(statement, "body") else text

    def _lacks(self, what: str, text: str) -> SliceError:
        addition = self._words.rename(next(line.strip() for line in text.splitlines() if PLACEHOLDER.search(line)))
        return SliceError(
            f"{self._target.name} has no {what!r} any more, the place of {addition!r}: "
            f"put it back, or change {self._pattern.name} to fit your code"
        )


def first_import(statements: Sequence[ast.stmt]) -> ast.stmt:
    """Or what an import would stand before."""
    imports = (statement for statement in statements if isinstance(statement, Imports))
    code = (statement for statement in statements if not is_note(statement))
    return next(imports, next(code, statements[-1]))
