"""What changed between two rendered projects, as git sees it: renames, binary files and permissions included."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from running import clean_environment

WITHOUT_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
# They differ where the same lines change at another place or in files that differ elsewhere.
POSITIONS = re.compile(r"^(?:@@|index ).*\n", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Change:
    """One file. `lines` is None for a binary one; `patch` tells apart what the other fields do not."""

    path: str
    status: str
    old_path: str
    modes: tuple[str, str]
    lines: tuple[int, int] | None
    patch: str


class TreeStore:
    """A scratch repository that keeps rendered projects as git trees: equal projects have equal names."""

    def __init__(self, folder: Path) -> None:
        self._repository = folder
        self._git(folder.parent, "init", "--quiet", "--bare", str(folder))

    def add(self, project: Path) -> str:
        self._git(project, "--work-tree=.", "add", "--all", "--force", ".")
        return self._git(project, "write-tree").strip()

    def changes(self, old: str, new: str) -> list[Change]:
        def diff(*form: str) -> str:
            return self._git(self._repository, "diff", "--find-renames", *form, old, new, "--")

        files = zip(
            _files(diff("--raw", "-z")),
            _lines(diff("--numstat", "-z")),
            _patches(diff("--patch", "--unified=0", "--binary", "--no-ext-diff", "--no-textconv")),
            strict=True,
        )
        return [Change(*file, lines, patch) for file, lines, patch in files]

    def _git(self, cwd: Path, *arguments: str) -> str:
        env = {**clean_environment(), **WITHOUT_SETTINGS}
        command = ["git", f"--git-dir={self._repository}", *arguments]
        done = subprocess.run(command, cwd=cwd, env=env, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode(errors="surrogateescape")


def _files(raw: str) -> Iterator[tuple[str, str, str, tuple[str, str]]]:
    fields = iter(raw.split("\0")[:-1])
    for header in fields:
        old_mode, new_mode, _, _, status = header.lstrip(":").split()
        old_path = next(fields)
        yield next(fields) if status[0] == "R" else old_path, status[0], old_path, (old_mode, new_mode)


def _lines(numstat: str) -> Iterator[tuple[int, int] | None]:
    fields = iter(numstat.split("\0")[:-1])
    for field in fields:
        added, removed, path = field.split("\t", 2)
        if not path:  # a rename: both paths follow
            next(fields)
            next(fields)
        yield None if added == "-" else (int(added), int(removed))


def _patches(patch: str) -> Iterator[str]:
    for text in re.split(r"^diff --git ", patch, flags=re.MULTILINE)[1:]:
        yield POSITIONS.sub("", text)
