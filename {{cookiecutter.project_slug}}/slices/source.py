"""A Python file as statements, and where each of them stands in its text."""

import ast
from itertools import accumulate

from slices import SliceError


class Source:
    """Places are counted in bytes from the start, as `ast` does within a line."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = f"{text.rstrip()}\n".encode()
        try:
            self.body = ast.parse(text).body
        except SyntaxError as error:
            raise SliceError(f"{name} is not Python: {error.msg} in line {error.lineno}") from error
        self._lines = self.text.splitlines(keepends=True)
        self._starts = list(accumulate(map(len, self._lines), initial=0))

    def start(self, statement: ast.stmt) -> int:
        """Its first line, or that of its decorators and of the comment above it."""
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        line = min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        while line and self._lines[line - 1].lstrip().startswith(b"#"):
            line -= 1
        return self._starts[line]

    def end(self, statement: ast.stmt) -> int:
        """The line after it."""
        return self._starts[statement.end_lineno or 0]

    def span(self, node: ast.expr) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def read(self, start: int, end: int) -> str:
        return self.text[start:end].decode()


def names_of(statement: ast.stmt) -> list[str]:
    """What a statement is known by: the names it binds, or else all of its text."""
    match statement:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name for alias in aliases]
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return [ast.unparse(target)]
        case ast.Return(value=ast.Dict()):
            return ["return {...}"]
    return [ast.unparse(statement)]


def is_note(statement: ast.stmt) -> bool:
    """A docstring, or `...`."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def items_of(literal: ast.expr | None) -> list[tuple[ast.expr, ast.expr]]:
    """First and last expression of each item of a tuple, list or dict."""
    match literal:
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [(item, item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return [(key or value, value) for key, value in zip(keys, values, strict=True)]
    return []
