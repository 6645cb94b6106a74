"""Tuples, lists and dicts, which get the items of the pattern's."""

import ast
import re

from slices.source import Source


def new_items(pattern: Source, ours: ast.expr, target: Source, theirs: ast.expr) -> tuple[int, str]:
    """The place behind the last of theirs, and what to insert there."""
    items = ((pattern.span(first)[0], pattern.span(last)[1]) for first, last in items_of(ours))
    text = ", ".join(pattern.read(start, end) for start, end in items)
    start, end = target.span(theirs)
    if has_brackets(theirs, target.read(start, end)):
        end -= 1
    if present := items_of(theirs):
        tail = target.read(target.span(present[-1][1])[1], end)
        if "," not in re.sub("#.*", "", tail):
            return end, f", {text}"
    return end, f"{text},"


def items_of(literal: ast.expr | None) -> list[tuple[ast.expr, ast.expr]]:
    """First and last expression of each item of a tuple, list or dict."""
    match literal:
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [(item, item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return [(key or value, value) for key, value in zip(keys, values, strict=True)]
    return []


def has_brackets(literal: ast.expr, text: str) -> bool:
    """Tells the tuple `(a, b)` from `a, b` and from `(a), (b)`."""
    if not isinstance(literal, ast.Tuple):
        return True
    try:
        ast.parse(f"[{text[1:-1]}\n]")
    except SyntaxError:
        return False
    return text.startswith("(")
