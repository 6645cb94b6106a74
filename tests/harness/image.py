"""What a container is started from, as a folder."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from docker.utils import exclude_paths


@dataclass
class Image:
    """What a container is started from. `environment` is all that a process in it sees."""

    root: Path
    environment: dict[str, str]
    directory: str = "/"
    command: list[str] = field(default_factory=list)
    health_check: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / os.path.normpath(f"{self.directory}/{inside}" if inside[0] != "/" else inside).lstrip("/")


def context_of(project: Path, target: Path) -> Path:
    """The files that .dockerignore lets in."""
    rules = (project / ".dockerignore").read_text("utf-8").splitlines()
    for name in exclude_paths(str(project), [rule for rule in rules if not rule.startswith("#")]):
        if (project / name).is_file() and name not in ("Dockerfile", ".dockerignore"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, target / name)
    return target
