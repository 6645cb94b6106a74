"""The template as it may have been before its present version, and the step to the present one."""

import json
import re
import shutil
from pathlib import Path

from harness.combinations import SKELETON
from harness.git import commit_all, git
from harness.rendering import copy_template

# The newest choice, which the older template does not have yet.
NEWEST = ("event_bus", "kafka")
OLD_REQUIREMENT = '"structlog>=25,<26",'
NEW_REQUIREMENT = '"structlog>=26,<27",'


def commit_older_template(repository: Path) -> Path:
    """Each way in which a template changes: a choice, files, a section, a method and a requirement."""
    skeleton = repository / SKELETON
    remove_choice(repository, *NEWEST)
    (skeleton / "app" / "chassis" / "web" / "paging.py").unlink()
    (skeleton / "app" / "interfaces" / "api" / "since_removed.py").write_text('"""Not needed later."""\n', "utf-8")
    edit(skeleton / "README.md", r"(?ms)^## Operate it\n.*?(?=^## )", "")
    edit(skeleton / "compose.yaml", r"\Z", "# A remark that is no longer there.\n")
    edit(skeleton / "app" / "core" / "retry.py", r"(?s)\n    def delay.*", "")
    edit(skeleton / "pyproject.toml", re.escape(NEW_REQUIREMENT), OLD_REQUIREMENT)
    edit(skeleton / "pyproject.toml", r' +"uuid-utils.*\n', "")
    commit_all(repository, "Older")
    git(repository, "tag", "v0")
    return repository


def commit_present_template(repository: Path) -> Path:
    for entry in (repository / "hooks", repository / SKELETON):
        shutil.rmtree(entry)
    return commit_all(copy_template(repository), "Present")


def edit(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text("utf-8"))
    assert count == 1, f"{path.name} holds {pattern!r} {count} times"
    path.write_text(text, "utf-8")


def remove_choice(repository: Path, option: str, choice: str) -> None:
    questions = json.loads((repository / "cookiecutter.json").read_text("utf-8"))
    questions[option].remove(choice)
    questions["_variants"][option].remove(choice)
    del questions["__prompts__"][option][choice]
    (repository / "cookiecutter.json").write_text(json.dumps(questions, indent=2), "utf-8")
    suffix = f"__{choice}"
    for path in list((repository / SKELETON).rglob(f"*{suffix}*")):
        others = path.with_name(path.name.replace(suffix, ""))
        if "__" in others.name:  # the file serves another choice as well
            path.rename(others)
        else:
            path.unlink()
