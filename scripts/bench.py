"""What injection costs in each DI style, and what delivery costs on each bus: benchmarks/ in rendered projects."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEMPLATE / "tests"))

from harness.combinations import options  # noqa: E402 (found through the line above)
from harness.environment import requirements_of, shared_environment  # noqa: E402
from harness.rendering import render_all  # noqa: E402

OF_EACH_BUS = {
    "delivery": "Time of 5000 events, handler called directly = 1",
    "outage": "2000 registrations while the mail server is up, down, silent, or refuses; and slow handlers",
    "backlog": "A backlog of 100000 events that a worker finds",
}


def run(benchmark: str, project: Path, python: Path, name: str) -> None:
    command: list[str | Path] = [python, TEMPLATE / "benchmarks" / f"{benchmark}.py", name]
    subprocess.run(command, cwd=project, env={**os.environ, "PYTHONPATH": "."}, check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        projects = render_all(Path(folder))
        python = shared_environment(requirements_of(projects.values())) / "python"
        print("CPU of a request, endpoint wired by hand = 1")
        for style in options()["di_style"]:
            run("injection", projects[f"{style}+memory"], python, style)
        for benchmark, title in OF_EACH_BUS.items():
            print(title)
            for bus in options()["event_bus"]:
                run(benchmark, projects[f"dishka+{bus}"], python, bus)


if __name__ == "__main__":
    main()
