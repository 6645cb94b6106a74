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
Fill it: fields and rules in app/domain/some_thing, the row in models.py with its migration, and what should follow
in app/application/some_thing/event_handlers.py, where ConfirmSomeThing stands for it. `make check` tests it all."""


def plan(words: Words) -> dict[Path, str]:
    """Each file as it will be, the new ones first. Raise `SliceError`."""
    names = [path.relative_to(PATTERN).as_posix() for path in PATTERN.rglob("*.py") if path != MIGRATION]
    files: dict[Path, str] = {}
    for name in sorted(names, key=lambda name: (not PLACEHOLDER.search(name), name)):
        pattern, target = (PATTERN / name).read_text("utf-8"), Path(words.rename(name))
        if not PLACEHOLDER.search(name):
            if not target.exists():
                raise SliceError(f"{name} is missing: put it back, or remove {PATTERN / name}")
            ours, theirs = Source(str(PATTERN / name), pattern), Source(name, target.read_text("utf-8"))
            files[target] = merge(ours, theirs, words)
        elif target.exists():
            raise SliceError(f"{target} is there already: choose another name")
        else:
            words.check(str(PATTERN / name), pattern)
            files[target] = words.rename(pattern)
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
    files, migrations = plan(words), read_migrations()
    new = sum(not path.exists() for path in files)
    with undone_on_failure(files) as written:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        written.append(write_migration(migrations, Source(str(MIGRATION), MIGRATION.read_text("utf-8")), words))
        for command in (["check", "--fix", "--select", "I"], ["format"]):
            subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", *written], check=True)
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
        sys.exit(f"Error: {error}: what was written is taken back.")
    print(told)


if __name__ == "__main__":
    main()
