"""Each combination, rendered once in a run and shared by all workers."""

import json
import shutil
from pathlib import Path

from cookiecutter.main import cookiecutter
from filelock import FileLock

from harness.combinations import SKELETON, TEMPLATE, Combination, combinations, name_of

# What an editor or a test run leaves in the working tree and git does not have.
LEFTOVERS = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", "uv.lock", "app.db*")


def copy_template(target: Path, source: Path = TEMPLATE) -> Path:
    """The template as a fresh clone has it."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "cookiecutter.json", target)
    shutil.copytree(source / "hooks", target / "hooks", ignore=LEFTOVERS)
    shutil.copytree(source / SKELETON, target / SKELETON, ignore=LEFTOVERS)
    return target


def render_all(shared: Path) -> dict[str, Path]:
    """The rendered projects by the name of their combination; to be read, not written to."""
    with FileLock(shared / "rendering.lock"):
        if not (shared / "rendered").exists():
            unfinished = shared / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            template = copy_template(unfinished / "template")
            for combination in combinations():
                render(template, combination, unfinished / name_of(combination))
            unfinished.rename(shared / "rendered")
    names = [name_of(combination) for combination in combinations()]
    return {name: shared / "rendered" / name / "my-service" for name in names}


def render(template: Path, answers: Combination, target: Path) -> Path:
    """As `cookiecutter --no-input --overwrite-if-exists` does."""
    target.mkdir(parents=True, exist_ok=True)
    done = cookiecutter(
        str(template),
        no_input=True,
        extra_context=dict(answers),
        overwrite_if_exists=True,
        output_dir=str(target),
        config_file=str(private_config(target)),
    )
    return Path(done)


def private_config(folder: Path) -> Path:
    """A cookiecutter configuration that leaves the replay folder of this machine's user alone."""
    config = folder / "config.yaml"
    config.write_text(json.dumps({"replay_dir": str(folder / "replay")}), "utf-8")
    return config
