"""The linters of what no test here can run: workflows, Dockerfiles, compose files. All of them work offline."""

import os
import re
import sys
from pathlib import Path

from harness.commands import succeed
from running import clean_environment

TOOLS = Path(sys.executable).parent
# actionlint looks for shellcheck on PATH, and says nothing if it is not there.
ENVIRONMENT = {**clean_environment(), "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"}

USES = re.compile(r"^\s*(?:- )?uses: (.*)$", re.MULTILINE)
PINNED = re.compile(r"([\w.-]+/[\w./-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)")


def lint_workflows(repository: Path) -> None:
    files = sorted((repository / ".github" / "workflows").glob("*.yml"))
    succeed([TOOLS / "actionlint", *files], repository, ENVIRONMENT)
    succeed([TOOLS / "zizmor", "--offline", "--no-progress", ".github"], repository, ENVIRONMENT)
    check_schema("dependabot", repository / ".github" / "dependabot.yml")


def lint_dockerfile(project: Path) -> None:
    succeed([TOOLS / "hadolint", "Dockerfile"], project, ENVIRONMENT)


def lint_compose(project: Path) -> None:
    check_schema("compose-spec", project / "compose.yaml")


def check_schema(name: str, file: Path) -> None:
    succeed([TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{name}", file], file.parent, ENVIRONMENT)


def pins_of(repository: Path) -> set[tuple[str, str]]:
    """Every action that the workflows use, with its commit and version; fails for one that is not pinned."""
    texts = [file.read_text("utf-8") for file in (repository / ".github" / "workflows").glob("*.yml")]
    used = [use for text in texts for use in USES.findall(text)]
    pinned = [match.groups() for use in used if (match := PINNED.fullmatch(use))]
    assert len(pinned) == len(used), [use for use in used if not PINNED.fullmatch(use)]
    return {(action, pin) for action, pin in pinned}
