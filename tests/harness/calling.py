"""`cookiecutter` as a program of its own, as the user of the template calls it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.rendering import private_config
from running import clean_environment

Done = subprocess.CompletedProcess[str]


def cookiecutter(
    template: Path,
    output: Path,
    *arguments: str | Path,
    config: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Done:
    output.mkdir(exist_ok=True)
    chosen = config or private_config(output.parent)
    command: list[str | Path] = [sys.executable, "-m", "cookiecutter", template]
    return subprocess.run(
        [*command, "--config-file", chosen, "--output-dir", output, *arguments],
        env={**clean_environment(), **(env or {})},
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
