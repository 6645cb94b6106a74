"""The imports of a pattern that a file of the service has not."""

import ast
from collections.abc import Iterator, Sequence
from symtable import symtable

from slices import SliceError
from slices.source import Source, is_note
from slices.words import Words

Import = ast.Import | ast.ImportFrom


def new_imports(pattern: Source, target: Source, words: Words, ours: Import, theirs: Sequence[ast.stmt]) -> str:
    """One line for each name. Raise `SliceError` if such a name means something else in the target."""
    present = {line for statement in theirs if isinstance(statement, Import) for _, line in names_alone(statement)}
    needed = [(words.rename(name), words.rename(line)) for name, line in names_alone(ours)]
    missing = [(name, line) for name, line in needed if line not in present]
    for name, line in missing:
        if other := next((statement for statement in theirs if binds(statement, name)), None):
            raise SliceError(
                f"{target.name} has no `{line}`, which the slice needs, and line {other.lineno} makes {name!r} "
                f"something else: change that line, or {pattern.name}"
            )
    return "".join(f"{' ' * ours.col_offset}{line}\n" for _, line in missing)


def names_alone(statement: Import) -> Iterator[tuple[str, str]]:
    """Each name that is imported, and the import of it alone."""
    for alias in statement.names:
        match statement:
            case ast.Import():
                alone: Import = ast.Import([alias])
            case ast.ImportFrom(module=module, level=level):
                alone = ast.ImportFrom(module, [alias], level)
        yield alias.asname or alias.name, ast.unparse(alone)


def binds(statement: ast.stmt, name: str) -> bool:
    """Also within `if` or `try`, where it may be that the name is not there at run time."""
    scope = symtable(ast.unparse(statement), "", "exec")
    if name not in scope.get_identifiers():
        return False
    symbol = scope.lookup(name)
    return symbol.is_assigned() or symbol.is_imported()


def first_import(statements: Sequence[ast.stmt]) -> ast.stmt:
    """Or what an import would stand before."""
    imports = (statement for statement in statements if isinstance(statement, Import))
    code = (statement for statement in statements if not is_note(statement))
    return next(imports, next(code, statements[-1]))
