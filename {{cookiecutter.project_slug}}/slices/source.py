"""A Python file as statements, and where each of them stands in its text."""

import ast
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from slices import SliceError

RUFF = "let `uv run ruff format` write it first"


class Source:
    """Lines end in LF here. Places are counted in bytes from the start, as `ast` does within a line."""

    def __init__(self, path: Path) -> None:
        self.name = path.as_posix()
        try:
            text = path.read_bytes().decode()
            self._line_ending = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
            text = f"{text.rstrip()}\n".replace("\r\n", "\n") if text.strip() else ""
            self._tree = ast.parse(text, path.name)
        except UnicodeDecodeError as error:
            raise SliceError(f"{self.name} is not UTF-8: save it as that") from error
        except (SyntaxError, ValueError) as error:
            raise SliceError(f"{self.name} is not Python: {error}") from error
        self.text = text.encode()
        self.body = self._tree.body
        self._lines = self.text.splitlines(keepends=True)
        self._starts = list(accumulate(map(len, self._lines), initial=0))

    def start(self, statement: ast.stmt) -> int:
        """Its first line, or that of its decorators and of the comment above it."""
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        line = min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        if not decorators and self._lines[line][: statement.col_offset].strip():
            raise SliceError(f"{self.name} has more than one statement in line {line + 1}: {RUFF}")
        ends = (getattr(node, "end_lineno", 0) for node in ast.walk(self._tree))
        # The last line of a string may begin with # too.
        code = max((end for end in ends if end <= line), default=0)
        while line > code and self._lines[line - 1].lstrip().startswith(b"#"):
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

    def content(self, text: str) -> bytes:
        """Of a file with this text and the line endings of this one."""
        return text.replace("\n", self._line_ending).encode()


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


def tables_of(statements: list[ast.stmt]) -> Iterator[str]:
    """The names of the tables that are mapped or defined there."""
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case (
                ast.Assign(targets=[ast.Name("__tablename__")], value=ast.Constant(str(name)))
                | ast.AnnAssign(target=ast.Name("__tablename__"), value=ast.Constant(str(name)))
                | ast.Call(func=ast.Name("Table") | ast.Attribute(attr="Table"), args=[ast.Constant(str(name)), *_])
            ):
                yield name
