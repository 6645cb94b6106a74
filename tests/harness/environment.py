"""One virtual environment with what all combinations need, kept between runs in .cache/."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from harness.combinations import TEMPLATE

CACHE = TEMPLATE / ".cache"


def requirements_of(projects: Iterable[Path]) -> list[str]:
    """What the projects ask for, written once each."""
    found: set[str] = set()
    for project in projects:
        pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
        found.update(pyproject["project"]["dependencies"])
        found.update(pyproject["dependency-groups"]["dev"])
    return sorted(found)


def shared_environment(requirements: list[str]) -> Path:
    """The folder of its programs; made when this list of requirements is new."""
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:16]
    environment = CACHE / f"environment-{key}"
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / "environment.lock"):
        if not (environment / "complete").exists():
            for outdated in CACHE.glob("environment-*"):
                shutil.rmtree(outdated)
            install(environment, requirements)
            (environment / "complete").touch()
    return environment / "bin"


def install(environment: Path, requirements: list[str]) -> None:
    uv = [sys.executable, "-m", "uv"]
    python = environment / "bin" / "python"
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *requirements], check=True
    )
