"""Run benchmarks/injection.py in a rendered project of each DI style."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEMPLATE / "tests"))

from harness.combinations import combinations  # noqa: E402 (found through the line above)
from harness.environment import requirements_of, shared_environment  # noqa: E402
from harness.rendering import render_all  # noqa: E402


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        projects = render_all(Path(folder))
        python = shared_environment(requirements_of(projects.values())) / "python"
        for combination in combinations():
            if combination["event_bus"] == "memory":
                project = projects["+".join(combination.values())]
                command: list[str | Path] = [python, TEMPLATE / "benchmarks" / "injection.py", combination["di_style"]]
                subprocess.run(command, cwd=project, env={**os.environ, "PYTHONPATH": "."}, check=True)


if __name__ == "__main__":
    main()
