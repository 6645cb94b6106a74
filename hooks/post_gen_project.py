"""Keep the files of the choices made and drop those of the choices not made.

`name__redis.py` becomes `name.py` where redis was chosen and is removed where it was not; folders
likewise. Two suffixes of one option mean either of them (`name__redis__kafka.py`), suffixes of two
options mean both. This is a rule, not a list of files: a new variant needs no change here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

ANSWERS: dict[str, Any] = json.loads(r"""{{ cookiecutter | tojson }}""")
VARIANTS: dict[str, list[str]] = ANSWERS["_variants"]
# `cookiecutter -f` onto an existing project: these hold nothing of ours.
FOREIGN = {".git", ".venv"}


def split_suffixes(path: Path) -> tuple[str, set[str]]:
    """The plain name, and those of its suffixes that are ours."""
    stem, extension = (path.name, "") if path.is_dir() else (path.stem, path.suffix)
    suffixes: set[str] = set()
    while True:
        base, _, suffix = stem.rpartition("__")
        if not base or not any(suffix in variants for variants in VARIANTS.values()):
            return stem + extension, suffixes
        stem = base
        suffixes.add(suffix)


def is_chosen(suffixes: set[str]) -> bool:
    concerned = [option for option, variants in VARIANTS.items() if suffixes.intersection(variants)]
    return all(ANSWERS[option].replace("-", "_") in suffixes for option in concerned)


def merge(source: Path, target: Path) -> None:
    if source.is_dir() and target.is_dir():
        for child in list(source.iterdir()):
            merge(child, target / child.name)
        source.rmdir()
    else:
        source.replace(target)


def settle(path: Path) -> None:
    if path.is_symlink() or path.name in FOREIGN:
        return
    plain_name, suffixes = split_suffixes(path)
    if suffixes and is_chosen(suffixes):
        merge(path, path.with_name(plain_name))
        settle(path.with_name(plain_name))
    elif suffixes and path.is_dir():
        shutil.rmtree(path)
    elif suffixes:
        path.unlink()
    elif path.is_dir() and any(path.iterdir()):
        for child in list(path.iterdir()):
            settle(child)
        if not any(path.iterdir()):
            path.rmdir()


if __name__ == "__main__":
    for entry in list(Path.cwd().iterdir()):
        settle(entry)
    slug = ANSWERS["project_slug"]
    print(f"Created {slug}/ with {' and '.join(ANSWERS[option] for option in VARIANTS)}.")
    start = "make run" if ANSWERS["event_bus"] == "memory" else "make up, make run and make worker"
    print(f"Next: cd {slug}, then make install, then {start}.")
