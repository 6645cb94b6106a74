"""git, without the settings of this machine's user."""

import os
from pathlib import Path

from harness.commands import environment, succeed

PRIVATE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_NAME": "Ada" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "ada@example.com" for role in ("AUTHOR", "COMMITTER")},
}


def git(repository: Path, *arguments: str) -> str:
    return succeed(["git", *arguments], repository, environment(**PRIVATE))


def commit_all(repository: Path, message: str) -> Path:
    """Make the folder a repository unless it is one, and commit what is there."""
    if not (repository / ".git").exists():
        git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", message)
    return repository
