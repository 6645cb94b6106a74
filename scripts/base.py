"""The template as it was where this branch left another one."""

import subprocess
from pathlib import Path

from running import clean_environment


class TreeError(Exception):
    """One line that says what to do."""


def git(template: Path, *arguments: str, **env: str) -> str | None:
    """What it printed; None where it failed."""
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    done = subprocess.run(
        command, cwd=template, env={**clean_environment(), **env}, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def find_base(template: Path, name: str) -> str:
    if git(template, "rev-parse", "--git-dir") is None:
        raise TreeError(f"{template} is no git repository: clone the template")
    if git(template, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is None:
        raise TreeError(f"there is no commit {name!r}: name a branch, tag or commit with BASE=...")
    commit = git(template, "merge-base", name, "HEAD")
    if commit is None:
        raise TreeError(f"{name!r} has no commit in common with this branch: fetch more of the history")
    return commit


def check_out(template: Path, commit: str, folder: Path) -> Path:
    index = str(folder.with_suffix(".index"))
    git(template, "read-tree", commit, GIT_INDEX_FILE=index)
    git(template, "checkout-index", "--all", f"--prefix={folder}/", GIT_INDEX_FILE=index)
    if not (folder / "cookiecutter.json").is_file():
        raise TreeError(f"there is no template in {commit[:10]} yet: choose a later BASE")
    return folder
