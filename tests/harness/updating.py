"""Projects that cruft makes and updates, as a team does it."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from harness.combinations import Combination
from harness.commands import environment, succeed
from harness.git import PRIVATE, commit_all
from harness.rendering import private_config

Tree = dict[str, tuple[int, bytes]]


def cruft(folder: Path, *arguments: str | Path) -> str:
    env = environment(**PRIVATE, COOKIECUTTER_CONFIG=str(private_config(folder.parent)))
    return succeed([sys.executable, "-m", "cruft", *arguments], folder, env)


def create(template: Path, folder: Path, **answers: str) -> Path:
    """A new project, with nothing committed yet."""
    folder.mkdir()
    cruft(folder, "create", "--no-input", "--extra-context", json.dumps(answers), template)
    return folder / answers.get("project_slug", "my-service")


def create_and_commit(template: Path, folder: Path, combination: Combination) -> Path:
    return commit_all(create(template, folder, **combination), "Start from the template")


def update(project: Path, **answers: str) -> str:
    """Follow the template, with other answers if there are any; what cruft said."""
    return cruft(project, "update", "--skip-apply-ask", *variables(answers))


def variables(answers: dict[str, str]) -> list[str]:
    return ["--variables-to-update", json.dumps(answers)] if answers else []


def recorded_answers(project: Path) -> dict[str, Any]:
    context: dict[str, Any] = json.loads((project / ".cruft.json").read_text("utf-8"))["context"]["cookiecutter"]
    return context


def tree(project: Path) -> Tree:
    """Every file with its permissions and content, but for what git and cruft keep for themselves."""
    return {
        name: (path.stat().st_mode, path.read_bytes())
        for path in sorted(project.rglob("*"))
        if path.is_file() and (name := path.relative_to(project).as_posix()) != ".cruft.json"
        if not name.startswith(".git/")
    }


def different(one: Tree, other: Tree) -> list[str]:
    """The names of the files that are not the same in both."""
    return sorted(name for name in one | other if one.get(name) != other.get(name))


def copied(project: Path, target: Path) -> Path:
    return Path(shutil.copytree(project, target))
