"""`python -m slices NAME [PLURAL]`: see `slices/__init__.py`."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slices import SliceError
from slices.merge import merge
from slices.migration import read_migrations, write_migration
from slices.source import Source
from slices.words import PLACEHOLDER, Words

PATTERN = Path("slices/pattern")
MIGRATION = PATTERN / "migration.py"

DONE = """Made the slice: {new} new files and the table's migration, {changed} changed files (`git diff` shows them).
Next: `make migrate`, `make run`, and then
  curl -X POST http://127.0.0.1:8000/api/v1/some-things -H 'content-type: application/json' -d '{{"title": "First"}}'
Fill it: fields and rules in app/domain/some_thing, the row in tables.py with its migration, and what should follow
in app/application/some_thing/event_handlers.py, where ConfirmSomeThing stands for it. `make check` tests it all."""


def plan(words: Words) -> dict[Path, bytes]:
    """Each file as it will be, the new ones first. Raise `SliceError`."""
    names = [path.relative_to(PATTERN).as_posix() for path in PATTERN.rglob("*.py") if path != MIGRATION]
    files: dict[Path, bytes] = {}
    for name in sorted(names, key=lambda name: (not PLACEHOLDER.search(name), name)):
        pattern, target = Source(PATTERN / name), Path(words.rename(name))
        if not PLACEHOLDER.search(name):
            if not target.exists():
                raise SliceError(f"{name} is missing: put it back, or remove {pattern.name}")
            files[target] = merge(pattern, Source(target), words)
        elif target.exists():
            raise SliceError(f"{target} is there already: choose another name")
        else:
            text = pattern.text.decode()
            words.check(pattern.name, text)
            files[target] = pattern.content(words.rename(text))
    return files


@contextmanager
def undone_on_failure(paths: Iterable[Path]) -> Iterator[list[Path]]:
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    written = list(before)
    try:
        yield written
    except BaseException:
        for path in written:
            if (content := before.get(path)) is not None:
                path.write_bytes(content)
                continue
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        raise


def add_slice(words: Words) -> str:
    """Write nothing, or all of it; return what to tell the user."""
    files, migrations, migration = plan(words), read_migrations(), Source(MIGRATION)
    new = sum(not path.exists() for path in files)
    with undone_on_failure(files) as written:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        written.append(write_migration(migrations, migration, words))
        for command in (["check", "--fix", "--select", "I"], ["format"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--quiet", *map(str, written)]
            subprocess.run(ruff, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return words.rename(DONE.format(new=new, changed=len(files) - new))


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit("Usage: python -m slices NAME [PLURAL]")
    os.chdir(Path(__file__).parent.parent)
    try:
        told = add_slice(Words(*sys.argv[1:]))
    except SliceError as error:
        sys.exit(f"Error: {error}. Nothing was written.")
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stdout", None) or str(error)
        sys.exit(f"Error: {' '.join(said.split())}: what was written is taken back.")
    print(told)


if __name__ == "__main__":
    main()
